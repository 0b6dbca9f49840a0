#!/bin/sh
# slurm.sh start|stop DIR: a Slurm of one node, this machine, run by root, with all that it writes in DIR; start prints its configuration's path.
set -eu
PATH=$PATH:/usr/sbin:/sbin
name=$(hostname -s)
conf=$2/slurm.conf
case $1 in
  stop)
    for daemon in slurmd slurmctld munged; do
      [ ! -s "$2/$daemon.pid" ] || kill "$(cat "$2/$daemon.pid")" 2>/dev/null || true
    done
    exit
    ;;
  start) ;;
  *) exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "Slurm is started by root" >&2 && exit 77; }
for program in slurmctld slurmd munged; do
  command -v $program >/dev/null || { echo "no $program here" >&2 && exit 77; }
done
mkdir -p "$2/spool" "$2/state"
chmod 755 "$2" # munge looks at every directory above
[ -e /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=32 count=32 2>/dev/null && chown munge /etc/munge/munge.key && chmod 400 /etc/munge/munge.key; }
mkdir -p /run/munge && chown munge /run/munge && chmod 755 /run/munge
if ! munge -n >/dev/null 2>&1; then
  su -s /bin/sh munge -c "/usr/sbin/munged --force"
  cp /run/munge/munged.pid "$2/munged.pid"
fi
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
cat >"$conf" <<X
ClusterName=test
SlurmctldHost=$name(127.0.0.1)
SlurmUser=root
SlurmctldPort=$(port)
SlurmdPort=$(port)
AuthType=auth/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SlurmctldPidFile=$2/slurmctld.pid
SlurmdPidFile=$2/slurmd.pid
SlurmctldLogFile=$2/slurmctld.log
SlurmdLogFile=$2/slurmd.log
SlurmdSpoolDir=$2/spool
StateSaveLocation=$2/state
NodeName=$name NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES State=UP
X
slurmctld -f "$conf" >&2
slurmd -f "$conf" >&2
for try in $(seq 150); do
  SLURM_CONF=$conf sinfo -h -o %T 2>/dev/null | grep -q idle && echo "$conf" && exit
  sleep 0.2
done
tail -n 5 "$2/slurmctld.log" "$2/slurmd.log" >&2
exit 1
