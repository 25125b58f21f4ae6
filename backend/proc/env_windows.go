package proc

import "os"

// MinimalEnv is the environment a child gets when none is named: what Windows itself needs to load a program, and
// where temporary files go.
func MinimalEnv() []string {
	env := []string{"LC_ALL=C", "TEMP=" + os.TempDir(), "TMP=" + os.TempDir()}
	for _, key := range []string{"SystemRoot", "SystemDrive", "windir", "PATH", "PATHEXT", "NUMBER_OF_PROCESSORS"} {
		if v := os.Getenv(key); v != "" {
			env = append(env, key+"="+v)
		}
	}
	return env
}

// childDir is where a child works: a folder that is always there.
func childDir() string { return os.TempDir() }
