package proc

import "golang.org/x/sys/unix"

// callInstruction is SVC #0.
var callInstruction = []byte{0x01, 0x00, 0x00, 0xd4}

// narrow is the bit of the processor's state that says it runs a 32-bit program.
const narrow = 1 << 4

// registers are a held child's.
type registers struct{ r unix.PtraceRegs }

func (g *registers) get(pid int) error { return unix.PtraceGetRegs(pid, &g.r) }

func (g *registers) set(pid int) error { return unix.PtraceSetRegs(pid, &g.r) }

func (g *registers) native() bool { return g.r.Pstate&narrow == 0 }

func (g *registers) stack() uintptr { return uintptr(g.r.Sp) }

func (g *registers) counter() uintptr { return uintptr(g.r.Pc) }

func (g *registers) result() int64 { return int64(g.r.Regs[0]) } //nolint:gosec // an error is a negative number

// prepare makes the next instruction, which is the call, a certain one.
func (g *registers) prepare(number, a, b, c uintptr) {
	g.r.Regs[8], g.r.Regs[0], g.r.Regs[1], g.r.Regs[2] = uint64(number), uint64(a), uint64(b), uint64(c)
}
