package proc

// Confinement says what a child may reach. One that is confined reads the files named here and what it takes to load
// it, and nothing else; it writes no file but those named here, opens no connection, starts no other program, and
// signals nobody. How well that holds is up to the system: SelfCheck tries it. What is not there to be named is left
// out: the child will not find it either.
type Confinement struct {
	ReadFiles  []string // files it may read, absolute
	ReadDirs   []string // folders in which it may read everything, at any depth, absolute
	WriteFiles []string // files that are there already and that it may read, write and cut, absolute

	// Devices are device files it may read, write and control by ioctl(2), absolute: the processor of a graphics card
	// that encodes. It names them because it must, and it costs: a driver's library is large, calls what its maker
	// likes, and talks to a driver in the kernel that was not written for strangers. So a child with devices may make
	// every system call but those that are no child's business (no socket, no program, no process, no signal), may look
	// at what the system says of its devices, and whatever takes it over has the driver to attack. Files and network
	// stay as closed as for any other. Linux only; elsewhere devices are open to every child.
	Devices []string
}
