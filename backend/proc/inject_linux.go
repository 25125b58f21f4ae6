//go:build linux && (amd64 || arm64)

package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// redZone is what a function may keep below its stack pointer.
const redZone = 128

// filterChild puts a filter on a child that its owner holds at its first instruction: the child is made to
// call seccomp(2) itself, as a debugger would have it, and is then put back as it was.
func filterChild(pid int, which func() ([]unix.SockFilter, error)) error {
	filter, err := which()
	if err != nil {
		return err
	}
	var regs registers
	if err := regs.get(pid); err != nil {
		return fmt.Errorf("read registers: %w", err)
	}
	if !regs.native() {
		return errors.New("the child runs in another machine's mode")
	}
	// struct sock_fprog, and the array it points to, in the unused part of the stack.
	array := filterBytes(filter, pid)
	at := (regs.stack() - redZone - uintptr(len(array))) &^ 15
	head := at - 16
	data := binary.NativeEndian.AppendUint64(nil, uint64(len(filter)))
	data = binary.NativeEndian.AppendUint64(data, uint64(at))
	data = append(data, array...)
	if err := pour(pid, head, data); err != nil {
		return fmt.Errorf("hand over the filter: %w", err)
	}
	code := regs.counter()
	was := make([]byte, len(callInstruction))
	if _, err := unix.PtracePeekText(pid, code, was); err != nil {
		return fmt.Errorf("read the child's code: %w", err)
	}
	if _, err := unix.PtracePokeText(pid, code, callInstruction); err != nil {
		return fmt.Errorf("write the child's code: %w", err)
	}
	call := regs
	call.prepare(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, head)
	if err := call.set(pid); err != nil {
		return fmt.Errorf("write registers: %w", err)
	}
	if err := unix.PtraceSingleStep(pid); err != nil {
		return fmt.Errorf("make the call: %w", err)
	}
	if err := awaitStop(pid); err != nil {
		return err
	}
	if err := call.get(pid); err != nil {
		return fmt.Errorf("read registers: %w", err)
	}
	if call.counter() != code+uintptr(len(callInstruction)) || call.result() != 0 {
		return fmt.Errorf("the call gave %d", call.result())
	}
	if _, err := unix.PtracePokeText(pid, code, was); err != nil {
		return fmt.Errorf("put the child's code back: %w", err)
	}
	if err := regs.set(pid); err != nil {
		return fmt.Errorf("put registers back: %w", err)
	}
	return nil
}

// pour writes into the child's memory.
func pour(pid int, at uintptr, data []byte) error {
	from := []unix.Iovec{{Base: &data[0]}}
	from[0].SetLen(len(data))
	n, err := unix.ProcessVMWritev(pid, from, []unix.RemoteIovec{{Base: at, Len: len(data)}}, 0)
	if err == nil && n != len(data) {
		err = io.ErrShortWrite
	}
	if err != nil {
		_, err = unix.PtracePokeData(pid, at, data) // slower, and allowed where tracing is
	}
	return err //nolint:wrapcheck // the caller says what was being done
}
