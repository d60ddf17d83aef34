#!/bin/sh
# A task of the array runs a shard, into a folder that all nodes share:
#   id=$(sbatch --parsable slurm.sh)
#   sbatch --dependency=afterany:"$id" --wrap \
#       'agentmark-fcgi merge state/journals/*.ndjson --output rows.csv'
#SBATCH --job-name=experiment
#SBATCH --array=1-8
#SBATCH --cpus-per-task=1
#SBATCH --time=02:00:00
exec agentmark-fcgi --config shards.yaml experiment greeting.prompt.mdx \
    --dataset greetings.jsonl --seed 1 \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
