"""alike.py NATIVE COMMAND [LEFT OUT…]: what a shell of the host and COMMAND, a shell that is called through containers, make of the edges of what a caller can give them must be the same."""
import os, pty, shutil, signal, socket, subprocess, sys, tempfile, threading, time

native, command, left_out = shutil.which(sys.argv[1]), shutil.which(sys.argv[2]), sys.argv[3:]
WAIT = 30


def run(shell, script, *arguments, **more):
    """Status (negative: the signal), output and errors."""
    made = subprocess.run([shell, "-c", script, "zero", *arguments], capture_output=True, timeout=WAIT, **{"stdin": subprocess.DEVNULL, **more})
    return made.returncode, made.stdout, made.stderr


def bash(shell, script):
    """A script of bash, in which $S is the shell."""
    made = subprocess.run(["bash", "-c", script], env={**os.environ, "S": shell}, stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT)
    return made.returncode, made.stdout, made.stderr


def closed(*fds):
    def close():
        for fd in fds:
            os.close(fd)
    return lambda shell: subprocess.run([shell, "-c", "exit 3"], preexec_fn=close, timeout=WAIT).returncode


def stdin_socket(shell):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        threading.Timer(0.2, lambda: (ours.sendall(b"through a socket"), ours.shutdown(socket.SHUT_WR))).start()
        return run(shell, "cat", stdin=theirs)


def both_ways(shell):
    """One socket is input and output."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen([shell, "-c", "while read -r line; do echo got $line; done"], stdin=theirs, stdout=theirs)
    theirs.close()
    got = []
    for word in (b"one\n", b"two\n"):
        ours.sendall(word)
        got.append(ours.recv(100))
    ours.shutdown(socket.SHUT_WR)
    ours.close()
    return got, process.wait(WAIT)


def stdin_fifo(shell):
    with tempfile.TemporaryDirectory() as at:
        fifo = os.path.join(at, "fifo")
        os.mkfifo(fifo)
        threading.Thread(target=lambda: open(fifo, "w").write("through a fifo"), daemon=True).start()
        with open(fifo) as end:
            return run(shell, "cat", stdin=end)


def file_offset(shell):
    """What one has read or written the next goes on behind."""
    with tempfile.TemporaryFile() as file:
        file.write(b"one\ntwo\nthree\n")
        file.seek(0)
        subprocess.run(["sh", "-c", "read line"], stdin=file)
        first = run(shell, "read line; echo $line", stdin=file)
        file.truncate(0)
        file.seek(0)
        for word in ("a", "b"):
            subprocess.run([shell, "-c", f"echo {word}"], stdout=file)
        file.seek(0)
        return first, file.read()


def removed_directory(shell):
    at = tempfile.mkdtemp()
    fd = os.open(at, os.O_RDONLY)
    os.rmdir(at)
    try:
        return run(shell, "exit 4", preexec_fn=lambda: os.fchdir(fd))[0]
    finally:
        os.close(fd)


def size_of(shell):
    """The longest word, and words and variables that are many."""
    told = [run(shell, 'printf %s "$1" | wc -c', "x" * (128 * 1024 - 1))[:2]]
    told.append(run(shell, 'echo $#', *["y" * 100] * 16000)[:2])
    told.append(run(shell, 'printf %s "$T_BIG" | wc -c', env={**os.environ, "T_BIG": "z" * 100000})[:2])
    try:
        run(shell, "exit 0", "x" * 128 * 1024)
        told.append("ran")
    except OSError as e:
        told.append(e.errno)
    return [(status, output.strip()) if isinstance(output, bytes) else output for status, output in told[:3]] + told[3:]


def ignored(shell):
    """Signals that the caller ignores are so for the command."""
    def ignore():
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    made = subprocess.run([shell, "-c", "grep SigIgn /proc/self/status"], preexec_fn=ignore, capture_output=True, timeout=WAIT, restore_signals=False)
    return int(made.stdout.split()[1], 16) & ~(1 << signal.SIGQUIT - 1)  # busybox's shell ignores that itself


def stopped(shell):
    """kill -STOP and -CONT of the caller's process."""
    process = subprocess.Popen([shell, "-c", "echo here; read line; echo $line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    told = [process.stdout.readline()]
    process.send_signal(signal.SIGSTOP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    told.append((os.WIFSTOPPED(status), os.WSTOPSIG(status)))
    process.send_signal(signal.SIGCONT)
    told.append(process.communicate(b"on\n", timeout=WAIT)[0])
    return told, process.returncode


def hung_up(shell):
    """A terminal that goes away hangs up what runs in it."""
    pid, master = pty.fork()
    if pid == 0:
        os.execlp(shell, shell, "-c", "echo here; sleep 100; echo no")
    got = b""
    while b"here" not in got:
        got += os.read(master, 100)
    os.close(master)
    for _ in range(100):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "goes on"


def interrupted(shell):
    """A script that a terminal interrupts goes no further, for its command has ended by the signal."""
    pid, master = pty.fork()
    if pid == 0:
        os.execlp("bash", "bash", "-c", 'for i in 1 2; do echo $i here; "$0" -c "sleep 5"; done; echo to the end', shell)
    got = b""
    while b"here" not in got:
        got += os.read(master, 100)
    time.sleep(1)
    os.write(master, b"\x03")
    try:
        while piece := os.read(master, 100):
            got += piece
    except OSError:
        pass
    return got.split(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


CASES = {
    "empty words": lambda s: run(s, 'echo $#; for i; do echo "<$i>"; done', "", "a", "", "", " "),
    "argv[0] of its own": lambda s: subprocess.run(["another"] + ["-c", "echo $#", "z", "1"], executable=s, capture_output=True).stdout,
    "standard input closed": closed(0),
    "standard output closed": closed(1),
    "all closed": closed(0, 1, 2),
    "closed input and output, in a pipeline": lambda s: bash(s, '"$S" -c "exit 5" <&- | cat; echo ${PIPESTATUS[*]}; "$S" -c "echo x >&2; exit 6" >&- 2>&1 | cat; echo ${PIPESTATUS[*]}'),
    "input is a socket": stdin_socket,
    "one socket both ways": both_ways,
    "input is a fifo": stdin_fifo,
    "files and their offsets": file_offset,
    "a working directory that is removed": removed_directory,
    "sizes": size_of,
    "a reader that leaves": lambda s: bash(s, '"$S" -c "while :; do echo y; done" | head -n 1; echo ${PIPESTATUS[*]}; "$S" -c "cat /dev/zero" | head -c 1 | wc -c; echo ${PIPESTATUS[*]}'),
    "SIGPIPE ignored": lambda s: bash(s, 'trap "" PIPE; ("$S" -c "sleep 0.3; echo y; echo \\$? >&2" 2>&3 | true) 3>&1 | tail -n 1'),
    "ends by signals": lambda s: bash(s, 'ulimit -c 0; for n in TERM KILL USR1 SEGV ABRT; do "$S" -c "kill -$n \\$\\$"; echo $?; done 2>/dev/null; "$S" -c "kill -9 \\$\\$" | true; echo ${PIPESTATUS[*]}'),
    "timeout": lambda s: bash(s, '{ (timeout 1.5 "$S" -c "exec sleep 100"; echo $?) & (timeout -s KILL 1.5 "$S" -c "exec sleep 100"; echo $?) & (timeout --preserve-status 1.5 "$S" -c "trap \'exit 9\' TERM; while :; do sleep 0.05; done"; echo $?) & wait; } 2>/dev/null | sort')[:2],
    "nohup": lambda s: bash(s, 'nohup "$S" -c "kill -HUP \\$\\$; echo alive" 2>/dev/null'),
    "killed": lambda s: bash(s, '"$S" -c "echo here; exec sleep 100" | { read x; echo $x; kill -9 $(pgrep -P $$ | head -n 1); cat; }; echo ${PIPESTATUS[*]}')[:2],
    "setsid": lambda s: bash(s, 'setsid -w "$S" -c "echo x; exit 7"; echo $?'),
    "background jobs": lambda s: bash(s, 'for i in 1 2 3; do "$S" -c "sleep 0.$i; exit $i" & p[i]=$!; done; for i in 3 1 2; do wait ${p[i]}; echo $?; done; "$S" -c "exec sleep 100" & kill %%; wait $!; echo $?')[:2],
    "signals ignored": ignored,
    "stopped and continued": stopped,
    "a terminal that hangs up": hung_up,
    "umask": lambda s: bash(s, 'umask 027; "$S" -c umask'),
    "limits": lambda s: bash(s, 'ulimit -n 100; ulimit -c 0; ulimit -s 4096; "$S" -c "ulimit -n; ulimit -c; ulimit -s"'),
    "nice": lambda s: bash(s, 'nice -n 5 "$S" -c "nice"'),
    "a loop that is interrupted": interrupted,
    "descriptors besides": lambda s: bash(s, 'exec 3<<<three 4>&1 7<<<seven 9>/dev/null; "$S" -c "cat <&3; cat <&7; echo four >&4" </dev/null; read -r x <&3 || echo at its end'),
    "one of them that is closed": lambda s: bash(s, '"$S" -c "exec 3>&-; sleep 0.7; echo late >&2" 3> >(cat; echo its end >&2)'),
    "process substitution": lambda s: bash(s, '"$S" -c "cat \\$1 \\$2" zero <(echo one) <(echo two)'),
    "to a process substitution": lambda s: bash(s, '"$S" -c "echo x >\\$1" zero >(cat; echo end); wait $!')[:2],
    "variables that are odd": lambda s: run(s, 'printf "%s\\n" "$T_a" "$T_b" | od -An -tx1', env={**os.environ, "T_a": "\n=\n", "T_b": os.fsdecode(b"\xff\x01")}),
}

wrong = 0
for name, case in CASES.items():
    if name in left_out:
        continue
    found, began = [], time.time()
    for shell in (native, command):
        try:
            found.append(case(shell))
        except Exception as e:
            found.append(repr(e))
    if os.environ.get("T_TIMES"):
        print(name, round(time.time() - began, 1))
    if found[0] != found[1]:
        wrong += 1
        print(f"{name}:\n  wanted {found[0]!r:.700}\n  found  {found[1]!r:.700}")
sys.exit(1 if wrong else 0)
