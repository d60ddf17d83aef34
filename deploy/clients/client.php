<?php
// php client.php PROMPT [PROPS]: prints what the prompt answers.
$body = json_encode(['type' => 'prompt-run', 'data' => [
    'promptPath' => $argv[1], 'customProps' => json_decode($argv[2] ?? '{}'),
    'options' => ['shouldStream' => false]]]);
$hmac = hash_hmac('sha256', $body, getenv('AGENTMARK_WEBHOOK_SECRET'));
$reply = file_get_contents(getenv('AGENTMARK_URL'), false, stream_context_create(['http' => [
    'method' => 'POST', 'content' => $body, 'ignore_errors' => true,
    'header' => "Content-Type: application/json\r\nx-agentmark-signature-256: sha256=$hmac"]]));
$answer = json_decode($reply, true);
if (!isset($answer['result'])) {
    fwrite(STDERR, ($answer['message'] ?? 'no answer') . "\n");
    exit(1);
}
echo is_string($answer['result']) ? $answer['result'] : json_encode($answer['result']), "\n";
