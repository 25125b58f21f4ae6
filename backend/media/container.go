package media

// Container is the true format of a file, as its first bytes say.
type Container string

// The containers the program opens. Everything else is refused at the gate.
const (
	MP4       Container = "mp4" // ISO BMFF: MP4, M4V, M4A, 3GP, F4V
	QuickTime Container = "mov"
	Matroska  Container = "matroska"
	WebM      Container = "webm"
	MPEGTS    Container = "mpegts"
	MPEGPS    Container = "mpegps"
	AVI       Container = "avi"
	FLV       Container = "flv"
	ASF       Container = "asf"
	Ogg       Container = "ogg"
	MXF       Container = "mxf"
)

// containerNames are the names people know.
var containerNames = map[Container]string{
	MP4: "MP4", QuickTime: "QuickTime", Matroska: "Matroska", WebM: "WebM", MPEGTS: "MPEG-TS",
	MPEGPS: "MPEG-PS", AVI: "AVI", FLV: "Flash Video", ASF: "Windows Media", Ogg: "Ogg", MXF: "MXF",
}

// Name is the container's name as people know it.
func (c Container) Name() string {
	if n, ok := containerNames[c]; ok {
		return n
	}
	return string(c)
}

// IsISO says whether the container is ISO BMFF (MP4) or its parent, QuickTime.
func (c Container) IsISO() bool { return c == MP4 || c == QuickTime }

// IsEBML says whether the container is Matroska or its subset WebM.
func (c Container) IsEBML() bool { return c == Matroska || c == WebM }
