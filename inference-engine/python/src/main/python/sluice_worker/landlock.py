# SPDX-License-Identifier: Apache-2.0
"""Landlock, which Linux offers to processes without rights: from now on, only what is allowed can be opened.

Everything that is there is allowed but the hidden files. Files that are made later next to a hidden one, or next to one
of the folders that lead to it, are not: a handler can make files there but not read them.
"""

import ctypes
import os
import stat

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_RULE_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_READ_FILE = 1 << 2
_REFER = 1 << 13

_libc = ctypes.CDLL(None, use_errno=True)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def allow_all_but(paths):
    """Restricts this thread and what comes of it; OSError where the kernel does not know Landlock."""
    version = _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    handled = _READ_FILE | (_REFER if version >= 2 else 0)
    attributes = ctypes.c_uint64(handled)
    rules = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(8), ctypes.c_uint32(0))
    try:
        _allow_beside(rules, os.sep, set(paths), handled)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        _call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow_beside(rules, folder, hidden, handled):
    """Allows all of a folder's entries but those that are hidden or lead to something hidden."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if path in hidden:
            continue
        if any(each.startswith(path + os.sep) for each in hidden):
            _allow_beside(rules, path, hidden, handled)
        elif not os.path.islink(path):
            _allow(rules, path, handled)


def _allow(rules, path, handled):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # gone, or not for this user anyway
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = _PathBeneath(handled if is_folder else handled & _READ_FILE, descriptor)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_RULE_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0))
    except OSError:
        pass  # a file system that has no rules, such as one of pipes: it holds no files to hide
    finally:
        os.close(descriptor)


def _call(number, *arguments):
    _libc.syscall.restype = ctypes.c_long
    result = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
