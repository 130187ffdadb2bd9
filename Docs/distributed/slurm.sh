#!/bin/bash
#SBATCH --job-name=switchback
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=08:00:00
# Ends the training in time to save, and lets Slurm start the job again where a node fails.
#SBATCH --signal=TERM@120
#SBATCH --requeue

# The same command starts the run and goes on with it. `srun --mpi=list` says which ways to connect there are: pmix for
# Open MPI, pmi2 for MPICH.
srun --mpi=pmix --cpus-per-task="$SLURM_CPUS_PER_TASK" \
    switchback classify train --data /data/imagenet --model resnet50 --batch 512 --slots 16 \
    --threads "$SLURM_CPUS_PER_TASK" --output /shared/runs --name "$SLURM_JOB_NAME" --resume auto
