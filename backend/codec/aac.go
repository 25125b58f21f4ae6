package codec

// aacElements are the syntactic elements of a frame by channel configuration (ISO/IEC 14496-3 table 1.19): s is one
// channel, p a pair, l the low frequencies.
var aacElements = map[int]string{
	1: "s", 2: "p", 3: "sp", 4: "sps", 5: "spp", 6: "sppl", 7: "spppl", 11: "sppsl", 12: "spppl",
}

// AACSilence is one AAC-LC frame of silence for a channel configuration, of any sample rate: a raw_data_block whose
// spectra are empty (ISO/IEC 14496-3 4.4.2.1). Nil for configurations that leave the channels to the frames.
func AACSilence(configuration int) []byte {
	const single, pair, lfe, end = 0, 1, 3, 7
	var b bitWriter
	tags := map[rune]uint32{}
	info := func() { // ics_info: a long window without bands
		b.put(1+2+1+6+1, 0)
	}
	channel := func() { // after its gain and ics_info: no pulses, no noise shaping, no gain control
		b.put(3, 0)
	}
	elements, ok := aacElements[configuration]
	if !ok {
		return nil
	}
	for _, e := range elements {
		id := map[rune]uint32{'s': single, 'p': pair, 'l': lfe}[e]
		b.put(3, id)
		b.put(4, tags[e])
		tags[e]++
		if e == 'p' {
			b.put(1, 1) // common_window
			info()
			b.put(2, 0) // ms_mask_present
			for range 2 {
				b.put(8, 0) // global_gain
				channel()
			}
			continue
		}
		b.put(8, 0)
		info()
		channel()
	}
	b.put(3, end)
	return b.p
}

// AACConfiguration is the channel configuration of an AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1); 0 where the frames
// say themselves what channels there are.
func AACConfiguration(config []byte) int {
	const escape, explicitRate = 31, 15
	b := bitReader{p: config}
	if b.read(5) == escape {
		b.skip(6)
	}
	if b.read(4) == explicitRate {
		b.skip(24)
	}
	if v := int(b.read(4)); !b.fail {
		return v
	}
	return 0
}
