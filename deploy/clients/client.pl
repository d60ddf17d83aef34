#!/usr/bin/perl
# client.pl PROMPT [PROPS]: prints what the prompt answers; core modules alone.
use strict; use warnings;
use Digest::SHA 'hmac_sha256_hex'; use HTTP::Tiny; use JSON::PP;
my $json = JSON::PP->new->utf8->allow_nonref;
my $body = $json->encode({ type => 'prompt-run', data => { promptPath => $ARGV[0],
    customProps => $json->decode($ARGV[1] // '{}'), options => { shouldStream => JSON::PP::false } } });
my $reply = HTTP::Tiny->new->post($ENV{AGENTMARK_URL}, { content => $body, headers => {
    'Content-Type' => 'application/json',
    'x-agentmark-signature-256' => 'sha256=' . hmac_sha256_hex($body, $ENV{AGENTMARK_WEBHOOK_SECRET}) } });
die "$reply->{status} $reply->{content}\n" unless $reply->{success};
my $result = $json->decode($reply->{content})->{result};
binmode STDOUT, ':utf8';
print ref $result ? $json->latin1(0)->utf8(0)->encode($result) : $result, "\n";
