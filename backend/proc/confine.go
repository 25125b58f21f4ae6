package proc

// Confinement says what a child may reach. One that is confined reads the files named here and what it takes to load
// it, and nothing else; it writes no file but those named here, opens no connection, starts no other program, and
// signals nobody. How well that holds is up to the system: SelfCheck tries it. What is not there to be named is left
// out: the child will not find it either.
type Confinement struct {
	ReadFiles  []string // files it may read, absolute
	ReadDirs   []string // folders in which it may read everything, at any depth, absolute
	WriteFiles []string // files that are there already and that it may read, write and cut, absolute
}
