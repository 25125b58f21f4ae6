// Package subtitle reads timed text of every kind into cues, and writes cues as the WebVTT segments of HLS.
// It also draws subtitles that are images: Presentation Graphics of Blu-ray, VobSub of DVD, and those of DVB.
//
// Text from a file is data. What a cue holds is made from it character by character: <b>, <i> and <u> are the only
// markup that survives, always closed and nested, everything else is escaped. So no text can end its cue, begin
// another, or become markup.
package subtitle
