package fleet

import (
	"os/exec"
	"syscall"
)

// endWithUs makes a program that is not started yet get a signal when this process is gone, however it went.
func endWithUs(cmd *exec.Cmd, signal syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: signal}
}
