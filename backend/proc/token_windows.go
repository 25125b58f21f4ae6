package proc

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// disableMaxPrivilege takes all privileges from a restricted token but that of walking through folders.
const disableMaxPrivilege = 1

// createRestrictedToken is not among the calls that x/sys has.
var createRestrictedToken = windows.NewLazySystemDLL("advapi32.dll").NewProc("CreateRestrictedToken")

// means is what confines children here.
func means() string { return "a job object, low integrity" }

// lowToken is the program's own token without its privileges and at low integrity: who bears it may read what the
// user may, and write to nothing that is the user's.
func lowToken() (token syscall.Token, err error) {
	const access = windows.TOKEN_DUPLICATE | windows.TOKEN_QUERY | windows.TOKEN_ASSIGN_PRIMARY |
		windows.TOKEN_ADJUST_DEFAULT
	var own, low windows.Token
	if err := windows.OpenProcessToken(windows.CurrentProcess(), access, &own); err != nil {
		return 0, fmt.Errorf("open the program's token: %w", err)
	}
	defer func() { _ = own.Close() }()
	out := unsafe.Pointer(&low) //nolint:gosec // as the system takes it
	ok, _, cerr := createRestrictedToken.Call(uintptr(own), disableMaxPrivilege, 0, 0, 0, 0, 0, 0, uintptr(out))
	if ok == 0 {
		return 0, fmt.Errorf("restrict a token: %w", cerr)
	}
	defer func() {
		if err != nil {
			_ = low.Close()
		}
	}()
	sid, err := windows.CreateWellKnownSid(windows.WinLowLabelSid)
	if err != nil {
		return 0, fmt.Errorf("name low integrity: %w", err)
	}
	label := windows.Tokenmandatorylabel{
		Label: windows.SIDAndAttributes{Sid: sid, Attributes: windows.SE_GROUP_INTEGRITY},
	}
	in := (*byte)(unsafe.Pointer(&label)) //nolint:gosec // as the system takes it
	err = windows.SetTokenInformation(low, windows.TokenIntegrityLevel, in, label.Size())
	if err != nil {
		return 0, fmt.Errorf("lower a token's integrity: %w", err)
	}
	return syscall.Token(low), nil
}
