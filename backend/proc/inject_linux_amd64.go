package proc

import (
	"golang.org/x/sys/unix"
)

// callInstruction is SYSCALL.
var callInstruction = []byte{0x0f, 0x05}

// longMode is the code segment of 64-bit programs.
const longMode = 0x33

// registers are a held child's.
type registers struct{ r unix.PtraceRegs }

func (g *registers) get(pid int) error { return unix.PtraceGetRegs(pid, &g.r) }

func (g *registers) set(pid int) error { return unix.PtraceSetRegs(pid, &g.r) }

func (g *registers) native() bool { return g.r.Cs == longMode }

func (g *registers) stack() uintptr { return uintptr(g.r.Rsp) }

func (g *registers) counter() uintptr { return uintptr(g.r.Rip) }

func (g *registers) result() int64 { return int64(g.r.Rax) } //nolint:gosec // an error is a negative number

// prepare makes the next instruction, which is the call, a certain one.
func (g *registers) prepare(number, a, b, c uintptr) {
	g.r.Rax, g.r.Rdi, g.r.Rsi, g.r.Rdx = uint64(number), uint64(a), uint64(b), uint64(c)
	g.r.Orig_rax = ^uint64(0) // no call is under way that would have to be started again
}
