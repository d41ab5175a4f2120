# SPDX-License-Identifier: Apache-2.0
"""Makes files unreadable for this process and its children, for good: the server's tokens are not a handler's business.

By a mount namespace of its own in which something empty lies over each file, with the rights to undo that given up;
where the kernel refuses, by Landlock, which allows everything but what is hidden; else there is a warning.
Linux only. Has to run while the process has one thread.
"""

import ctypes
import os
import pwd
import stat
import sys

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 4096, 16384, 1 << 18
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 38, 47
_CAPABILITY_VERSION = 0x20080522

# Rights with which a process could get at the files of others in spite of the mount: what undoes mounts, looks into
# other processes, opens files by handle, or reads devices.
_DANGEROUS = {
    "DAC_READ_SEARCH": 2,
    "SYS_MODULE": 16,
    "SYS_RAWIO": 17,
    "SYS_CHROOT": 18,
    "SYS_PTRACE": 19,
    "SYS_ADMIN": 21,
    "MKNOD": 27,
    "PERFMON": 38,
    "BPF": 39,
    "CHECKPOINT_RESTORE": 40,
}
_HIGHEST = 63

_libc = ctypes.CDLL(None, use_errno=True)


def hide(paths, user=None):
    """Hides files and folders, then becomes another user if one is named."""
    real = [os.path.realpath(path) for path in paths]
    present = [path for path in real if os.path.lexists(path)]
    for path in real:
        if path not in present:
            _warn(f"{os.path.basename(path)} is not there yet and so is not hidden from handlers")
    try:
        in_own_namespace = _cover(present)
    except OSError as mount_error:
        _by_landlock(present, mount_error, user)
        return
    if user:
        become(user)
    _give_up(range(_HIGHEST + 1) if in_own_namespace else _DANGEROUS.values())


def become(user):
    """Continues as another user, with that user's groups and home."""
    entry = pwd.getpwnam(user)
    if entry.pw_uid != os.geteuid():
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    os.environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)


def _by_landlock(paths, mount_error, user):
    if user:
        become(user)
    try:
        from sluice_worker import landlock

        # It lets nobody look into processes outside; and those that begin later could not be read if it hid one.
        landlock.allow_all_but([path for path in paths if not path.startswith("/proc/")])
    except OSError as error:
        names = ", ".join(os.path.basename(path) for path in paths)
        _warn(
            f"handlers can read {names}: this system allows neither a mount namespace ({mount_error.strerror}) "
            f"nor Landlock ({error.strerror})"
        )


def _cover(paths):
    """Puts something empty over each path; says whether that took a user namespace."""
    in_own = False
    if _libc.unshare(_CLONE_NEWNS) != 0:
        _own_user_namespace()
        in_own = True
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    for path in paths:
        if stat.S_ISDIR(os.stat(path).st_mode):
            _mount("tmpfs", path, "tmpfs", _MS_RDONLY, "size=0,mode=000")
        else:
            _mount(os.devnull, path, None, _MS_BIND)
    return in_own


def _own_user_namespace():
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _write(path, text):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _mount(source, target, kind, flags, data=None):
    result = _libc.mount(
        source.encode(), os.fsencode(target), kind and kind.encode(), ctypes.c_ulong(flags), data and data.encode()
    )
    _check(result, "mount")


def _give_up(numbers):
    """Drops capabilities, also for whatever this process executes later."""
    dropped = set(numbers)
    for number in dropped:
        _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)  # fails for numbers the kernel does not know
    _libc.prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(4), 0, 0, 0)  # PR_CAP_AMBIENT_CLEAR_ALL
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the upper halves of those
    _check(_libc.capget(header, sets), "capget")
    for number in dropped:
        for which in range(3):
            sets[number // 32 * 3 + which] &= ~(1 << number % 32) & 0xFFFFFFFF
    _check(_libc.capset(header, sets), "capset")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0), "prctl")


def _check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _warn(message):
    sys.stderr.write(f"WARNING: {message}\n")
    sys.stderr.flush()
