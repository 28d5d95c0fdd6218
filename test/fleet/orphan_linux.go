package fleet

import (
	"os/exec"
	"syscall"
)

// endWithUs makes the kernel signal a program, not started yet, when this process dies.
func endWithUs(cmd *exec.Cmd, signal syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: signal}
}
