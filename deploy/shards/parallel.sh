#!/bin/sh
# Eight shards on three machines, by GNU parallel over ssh; those that were cut
# off are run again by --retries.  Journals come back to this machine.
set -eu
parallel --sshlogin a.example,b.example,c.example --retries 3 \
    --workdir ... --transferfile greeting.prompt.mdx \
    --transferfile greetings.jsonl --transferfile shards.yaml \
    --return 'shard-{}.tar' \
    'agentmark-fcgi --config shards.yaml experiment greeting.prompt.mdx
	--dataset greetings.jsonl --seed 1 --shard {}/8 >/dev/null || [ $? = 1 ]
	tar cf shard-{}.tar -C state/journals .' ::: 1 2 3 4 5 6 7 8
mkdir -p journals
for part in shard-*.tar; do
	tar xf "$part" -C journals
done
agentmark-fcgi merge journals/*.ndjson --output rows.csv
