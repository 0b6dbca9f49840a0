# escape.py OUTSIDE FILE PID: tries every way from a path to what is outside of the container: a directory of the host's with a file in it, and a process of the host's that has both
# open (descriptors 9 and 8) and works there. Correctness, not security. With LICHEN_PASSED it is sent a descriptor of the directory over that socket.
import os, socket, subprocess, sys, threading, time
outside, secret = sys.argv[1], sys.argv[2]      # a directory of the host's, a file in it
bad = []
def no(what, f):
    try:
        r = f()
    except OSError as e:
        return
    bad.append((what, r))
def read(p):
    with open(p) as f: return f.read()
host = outside
os.makedirs("/tmp/esc", exist_ok=True); os.chdir("/tmp/esc")
for n in os.listdir("."): os.unlink(n) if not os.path.isdir(n) or os.path.islink(n) else None
no("absolute", lambda: read(host + "/" + secret))
os.symlink(host, "l"); no("symlink", lambda: read("l/" + secret)); no("symlink stat", lambda: os.stat("l"))
no("dots", lambda: read("../" * 50 + host + "/" + secret))
no("root", lambda: read("/proc/self/root" + host + "/" + secret))
no("root dots", lambda: read("/proc/self/root/../../.." + host + "/" + secret))
no("cwd", lambda: read("/proc/self/cwd/" + "../" * 20 + host[1:] + "/" + secret))
parent = int(sys.argv[3]) # a process of the host's with that working directory and a descriptor of the file
for p in ("cwd", "exe", "fd/9", "fd/8"):
    no("stat " + p, lambda: os.stat("/proc/%d/%s" % (parent, p)))
    no("open " + p, lambda: os.close(os.open("/proc/%d/%s" % (parent, p), os.O_RDONLY)))
no("cwd of host", lambda: read("/proc/%d/cwd/%s" % (parent, secret)))
no("root of host", lambda: read("/proc/%d/root%s/%s" % (parent, host, secret)))
no("chdir cwd", lambda: os.chdir("/proc/%d/cwd" % parent))
no("link", lambda: os.link(host + "/" + secret, "h"))
no("link fd", lambda: os.link("/proc/%d/fd/8" % parent, "h"))
no("exec", lambda: subprocess.run([host + "/run"]))
no("chroot", lambda: os.chroot("/tmp"))
# rename race
os.makedirs("a", exist_ok=True); open("a/" + secret, "w").write("inside")
stop = False
def swap():
    while not stop:
        try:
            os.rename("a", "b"); os.symlink(host, "a"); os.unlink("a"); os.rename("b", "a")
        except OSError: pass
t = threading.Thread(target=swap); t.start()
end = time.time() + 3; n = 0
while time.time() < end:
    try:
        n += 1
        if read("/tmp/esc/a/" + secret) != "inside": bad.append(("race", 0)); break
    except OSError: pass
    try:
        open("/tmp/esc/a/made", "x").close()
    except OSError: pass
    try: os.unlink("/tmp/esc/a/made")
    except OSError: pass
stop = True; t.join()
# a directory outside, passed over a socket
if "LICHEN_PASSED" in os.environ:
    s = socket.socket(socket.AF_UNIX)
    s.connect(os.environ["LICHEN_PASSED"])
    fd = socket.recv_fds(s, 1, 1)[1][0]
    no("passed", lambda: os.open(secret, os.O_RDONLY, dir_fd=fd))
    no("passed stat", lambda: os.stat(secret, dir_fd=fd))
    no("passed unlink", lambda: os.unlink(secret, dir_fd=fd))
    no("passed fchdir", lambda: (os.fchdir(fd), read(secret)))
    no("passed by /proc", lambda: read("/proc/self/fd/%d/%s" % (fd, secret)))
print("reached:", bad) if bad else None
sys.exit(bool(bad))
