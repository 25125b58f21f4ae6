// Package proc starts, confines and ends the program's child processes. It is the only package that uses os/exec.
//
// A child never outlives the program, is never run through a shell, gets a fixed small environment, and runs in a
// process group (on Windows: a job) of its own that is ended as a whole. What it writes to stdout comes through a
// pipe that nobody drains but the caller: a caller who stops reading stops the child, at no CPU, on every system.
//
// # How a child is confined on Linux
//
// Every child has an owner: a goroutine that is locked to one OS thread for as long as the child lives, forks it
// there, waits for it there, and then lets the thread end. It is never the program's first thread, which cannot end
// and which the kernel takes for the program when it asks who may be signalled. Four things hang on that.
//
//   - The kernel sends the parent-death signal when the forking thread ends, not when the process does
//     (PR_SET_PDEATHSIG, prctl(2)). The owner's thread lives exactly as long as the child may.
//   - no_new_privs and a Landlock domain belong to a thread and are inherited over fork and exec. The owner takes
//     them on for its own thread before forking; the rest of the program keeps its powers. The runtime makes no
//     thread from one that is locked, so nothing else inherits them.
//   - Resource limits belong to a process, so the thread cannot take them on for the child. The child is started
//     traced instead: the kernel stops it at its first instruction after execve(2), the owner sets the limits with
//     prlimit(2) and lets it go. Only the thread that traces may do so, which is the owner's. Where tracing is
//     refused (a debugger, a hardened container) the limits are set right after the start, before the child has
//     had time to open anything.
//   - A seccomp filter that lets no other program be started cannot be in place before the child's own execve(2). It
//     is put on the child while that is held: the owner has it make the one call, as a debugger would. Where
//     children cannot be held, a lesser filter goes onto the owner's thread: no sockets, none of the kernel's dark
//     corners, but execve(2) and fork(2) stay.
//
// What holds on a system is not believed but tried: SelfCheck.
//
// A launcher of our own, started first to do all this to itself and then exec the child, would do as well but for
// its price: the window program is linked with a web engine, and loading it takes longer than starting ffmpeg.
//
// # Elsewhere
//
// Windows: a job object holds the child and whatever it starts; it is ended when its last handle is closed, which
// the system does even for a program that was killed. A confined child is without privileges and at low integrity: it
// may write to nothing of the user's. macOS has no parent-death signal and no way to set another process's limits: a
// child there ends when it next writes to its pipe, and has no limits. A confined one has a sandbox profile: no
// network, no writing, no other process.
package proc
