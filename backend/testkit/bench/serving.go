package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sizes and shape of the load.
const (
	connections = 8
	viewers     = 300
	stretch     = time.Second // of one measurement of the rate
)

// serving measures how fast ready segments are served, against nginx serving the same bytes from a file.
func (b *bench) serving() error {
	paths := []string{"1080p-h264.mkv", "1080p-h264.mp4", "minute.mp4"}
	type candidate struct {
		url  string
		data []byte
		kind string
	}
	var all []candidate
	for _, name := range paths {
		path, err := b.clip(name)
		if err != nil {
			return err
		}
		it, _, err := b.fresh(path)
		if err != nil {
			return err
		}
		for _, r := range it.renditions {
			kind := "cached"
			if strings.Contains(r.url.Path, "/original/") {
				kind = "cut from the source"
			}
			for _, s := range r.segments[:min(8, len(r.segments))] {
				data, err := b.get(s)
				if err != nil {
					return err
				}
				all = append(all, candidate{s, data, kind})
			}
		}
	}
	for _, want := range []struct {
		size         int
		kind, budget string
	}{
		{750_000, "cached", "at least 0.95"},
		{60_000, "cached", "at least 0.7"},
		{750_000, "cut from the source", ""},
		{60_000, "cut from the source", ""},
	} {
		best := -1
		for i, c := range all {
			far := func(n int) int { return max(n-want.size, want.size-n) }
			if c.kind == want.kind && (best < 0 || far(len(c.data)) < far(len(all[best].data))) {
				best = i
			}
		}
		if best < 0 {
			continue
		}
		c := all[best]
		what := fmt.Sprintf("segment of %d KB served, %s", len(c.data)/1000, c.kind)
		if err := b.rates(c.url, c.data, what, want.budget); err != nil {
			return err
		}
	}
	return b.crowd(all[len(all)-1].url)
}

// rates compares the rate of one URL with nginx's for the same bytes, in turns.
func (b *bench) rates(address string, data []byte, what, budget string) error {
	other, stop, err := b.nginx(data)
	if errors.Is(err, exec.ErrNotFound) {
		b.add(row{what, "", "nginx is not installed", "", budget})
		return nil
	}
	if err != nil {
		return err
	}
	defer stop()
	var ours, theirs []float64
	for range b.runs {
		rate, err := load(b.ctx, address, len(data))
		if err != nil {
			return err
		}
		ours = append(ours, rate)
		if rate, err = load(b.ctx, other, len(data)); err != nil {
			return err
		}
		theirs = append(theirs, rate)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	o, n := ours[len(ours)/2], theirs[len(theirs)/2]
	b.add(row{what, fmt.Sprintf("%.0f/s", o), fmt.Sprintf("nginx %.0f/s", n), fmt.Sprintf("%.2f", o/n), budget})
	return nil
}

// nginx serves some bytes on a port of its own.
func (b *bench) nginx(data []byte) (address string, stop func(), err error) {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		if bin, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			return "", nil, exec.ErrNotFound
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("find a port: %w", err)
	}
	listen := l.Addr().String() // nginx cannot choose a port itself; that another takes it meanwhile is unlikely
	if err = l.Close(); err != nil {
		return "", nil, fmt.Errorf("free the port: %w", err)
	}
	dir, err := os.MkdirTemp(b.dir, "nginx-")
	if err != nil {
		return "", nil, fmt.Errorf("make folder: %w", err)
	}
	// Its workers run as another user.
	if err = errors.Join(os.Chmod(b.dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
		return "", nil, fmt.Errorf("open folder: %w", err)
	}
	config := fmt.Sprintf(`worker_processes auto; daemon off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types { video/mp4 m4s; }
  client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d;
  scgi_temp_path %[1]s/e;
  server { listen %[2]s; root %[1]s; } }`, dir, listen)
	if err = errors.Join(
		os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o644),
		os.WriteFile(filepath.Join(dir, "1.m4s"), data, 0o644),
	); err != nil {
		return "", nil, fmt.Errorf("write files: %w", err)
	}
	cmd := exec.CommandContext(b.ctx, bin, "-c", filepath.Join(dir, "conf"), "-p", dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err = cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start nginx: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	address = "http://" + listen + "/1.m4s"
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 250 {
		_, status, err := getOnce(b.ctx, address)
		if err == nil && status == http.StatusOK {
			return address, stop, nil
		}
		select {
		case <-tick.C:
		case <-b.ctx.Done():
		}
	}
	stop()
	return "", nil, fmt.Errorf("nginx does not answer: %s", complaints.String())
}

// load asks for one URL on some connections for a while and gives the answers per second.
func load(ctx context.Context, address string, size int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, stretch)
	defer cancel()
	var mu sync.Mutex
	var failed error
	total := 0
	started := time.Now()
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			n := 0
			c, err := dial(address)
			for err == nil && ctx.Err() == nil {
				if err = c.ask(size); err == nil {
					n++
				}
			}
			if c != nil {
				_ = c.conn.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			total += n
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	return float64(total) / time.Since(started).Seconds(), failed
}

// client is an HTTP client that costs next to nothing, so that it is the servers that are measured.
type client struct {
	conn    net.Conn
	reader  *bufio.Reader
	request []byte
}

func dial(address string) (*client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read URL: %w", err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	request := "GET " + u.EscapedPath() + " HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n"
	return &client{conn, bufio.NewReaderSize(conn, 256<<10), []byte(request)}, nil
}

// ask sends the request and reads the answer, which must be of that size.
func (c *client) ask(size int) error {
	if _, err := c.conn.Write(c.request); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.reader.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read header: %w", err)
		}
		if first && !strings.Contains(line, " 200 ") {
			return fmt.Errorf("answer %q", line)
		}
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Content-Length") {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if line == "\r\n" {
			break
		}
	}
	if length != size {
		return fmt.Errorf("%d bytes, not %d", length, size)
	}
	if _, err := io.CopyN(io.Discard, c.reader, int64(length)); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	return nil
}

// crowd is 300 viewers who ask for a segment every 2 s, each at a time of its own, and how long they wait.
func (b *bench) crowd(address string) error {
	data, err := b.get(address)
	if err != nil {
		return err
	}
	const rounds = 5
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	var wg sync.WaitGroup
	for i := range viewers {
		wg.Go(func() {
			c, err := dial(address)
			if err == nil {
				defer func() { _ = c.conn.Close() }()
			}
			for round := 0; round < rounds && err == nil; round++ {
				pause := 2 * time.Second
				if round == 0 {
					pause = time.Duration(i) * 2 * time.Second / viewers
				}
				timer := time.NewTimer(pause)
				select {
				case <-timer.C:
				case <-b.ctx.Done():
					timer.Stop()
					return
				}
				started := time.Now()
				err = c.ask(len(data))
				mu.Lock()
				waits = append(waits, time.Since(started))
				mu.Unlock()
			}
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	slices.Sort(waits)
	b.add(row{
		fmt.Sprintf("%d viewers, %d KB every 2 s, the slowest in a hundred", viewers, len(data)/1000),
		ms(waits[len(waits)*99/100]), "", "", "20 ms",
	})
	return nil
}
