package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dropstream/backend/fault"
	"dropstream/backend/media"
	"dropstream/backend/proc"
)

const (
	maxProbeBytes   = 8 << 20 // of ffprobe's JSON: 64 tracks and some ten thousand chapters
	probeCPUSeconds = 60

	// probeTime bounds a probe on the clock: a demuxer that has lost its way reads on to the end of any file.
	probeTime = 20 * time.Second

	// smallBytes is the size up to which a file is read whole when it does not say how long it is.
	smallBytes = 64 << 20
)

// probeEntries are the fields asked for: what is read below and nothing else, so that a file stuffed with tags
// costs nothing. The first packets are looked at for one thing: MP4 tracks that are locked show it nowhere else.
const probeEntries = "error=code" +
	":format=start_time,duration,bit_rate:format_tags=title,TITLE" +
	":stream=index,codec_type,codec_name,codec_tag_string,profile,level,time_base,start_pts,start_time,duration_ts," +
	"duration,bit_rate,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,pix_fmt,bits_per_raw_sample," +
	"field_order,color_range,color_space,color_transfer,color_primaries,sample_rate,channels,channel_layout,extradata" +
	":stream_disposition=default,forced,attached_pic" +
	":stream_tags=language,LANGUAGE,title,TITLE,DURATION,DURATION-eng,BPS,BPS-eng,enc_key_id" +
	":stream_side_data=side_data_type,displaymatrix,dv_profile" +
	":chapter=time_base,start,end:chapter_tags=title,TITLE" +
	":packet=stream_index:packet_side_data=side_data_type"

// FullProbe is a probe with what only a scheduler needs.
type FullProbe struct {
	media.Probe
	// TimeBases is the time base of each track by its Index: the unit, in seconds, of the ticks of its packets. A
	// track whose time base is not known has none.
	TimeBases map[int]media.Rational
}

// Probe asks ffprobe what a source is. The probe's Duration is zero when the file does not say and is too large to
// be read for that.
//
// It fails with fault.Damaged when nothing can be read, fault.Missing or fault.Denied when the file is gone or
// closed to us, fault.Unavailable when ffprobe does not run, or an error that wraps ctx's. A source of which nothing
// can be played is no failure: CheckPlayable tells.
func (t *Tools) Probe(ctx context.Context, src media.Source) (*media.Probe, error) {
	full, err := t.ProbeFull(ctx, src)
	if err != nil {
		return nil, err
	}
	return &full.Probe, nil
}

// ProbeFull is Probe with the time base of each track.
func (t *Tools) ProbeFull(ctx context.Context, src media.Source) (*FullProbe, error) {
	args := probeBase().Add("-print_format", "json=compact=1", "-show_error", "-show_format", "-show_streams",
		"-show_chapters", "-show_packets", "-show_data").
		Opt("-show_entries", probeEntries).
		Opt("-read_intervals", "%+#20").
		Source(src)
	limit, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	out, err := proc.Output(limit, withCPU(t.spec(t.FFprobe, args), probeCPUSeconds), maxProbeBytes)
	full, avError, perr := parseProbe(out, src)
	exit, exited := errors.AsType[*proc.ExitError](err)
	switch {
	case exited && exit.Signal == 0 && avError == 0 && perr == nil && ctx.Err() == nil:
		// It complains of the packets, and yet knows the tracks.
	case err != nil:
		return nil, trouble(ctx, fmt.Errorf("probe: %w", err), avError)
	case perr != nil:
		return nil, fault.Wrap(perr, fault.Damaged, "This video is damaged and cannot be read.")
	}
	if full.Duration == 0 && src.SizeBytes <= smallBytes {
		if err := t.measure(ctx, src, full); err != nil {
			return nil, err
		}
	}
	return full, nil
}

// measure finds out how long the tracks are by reading all their packets.
func (t *Tools) measure(ctx context.Context, src media.Source, full *FullProbe) error {
	for i := range full.Tracks {
		track := &full.Tracks[i]
		tb := full.TimeBases[track.Index]
		if track.Kind != media.Video && track.Kind != media.Audio || track.Picture || track.Duration > 0 {
			continue
		}
		end := track.Start
		err := t.ScanPackets(ctx, src, track.Index, func(p Packet) error {
			if p.PTS == NoTime {
				return nil
			}
			if at, ok := TicksToDuration(p.PTS, tb); ok {
				length, _ := TicksToDuration(p.Duration, tb)
				end = max(end, at+length)
			}
			return nil
		})
		if ctx.Err() != nil {
			return err
		}
		if err != nil && !errors.Is(err, errTooManyPackets) {
			continue // what was read until then counts
		}
		track.Duration = end - track.Start
	}
	full.setSpan(0, 0)
	full.BitRate = averageRate(src.SizeBytes, full.Duration)
	return nil
}

// setSpan sets where the presentation starts and how long it is, from its tracks and, for tracks that do not say,
// from the end of the file's own format.
func (f *FullProbe) setSpan(formatStart, formatLength time.Duration) {
	var start, end time.Duration
	seen := false
	for _, track := range f.Tracks {
		if track.Kind != media.Video && track.Kind != media.Audio || track.Picture {
			continue
		}
		if !seen || track.Start < start {
			start = track.Start
		}
		seen = true
		if track.Duration > 0 {
			end = max(end, track.Start+track.Duration)
		} else if formatLength > 0 {
			end = max(end, formatStart+formatLength)
		}
	}
	f.Start = start
	f.Duration = max(0, end-start)
}
