// A client of C2SP tlog-tiles that shares no code with keyfold: it checks a served log with golang.org/x/mod/sumdb's
// note and tlog, and prints what it saw as JSON.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8
const tileWidth = 1 << tileHeight

type log struct {
	url, rootKey string
	tiles        map[string][]byte
}

func (l *log) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", l.url+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if l.rootKey != "" {
		request.Header.Set("Authorization", "Bearer "+l.rootKey)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != 200 {
		err = fmt.Errorf("%s: status %d", path, response.StatusCode)
	}
	return body, err
}

// tlog.TileReader; its paths name the height, those of tlog-tiles don't.
func (l *log) Height() int                                { return tileHeight }
func (l *log) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
		data, known := l.tiles[path]
		if !known {
			var err error
			if data, err = l.get(path); err != nil {
				return nil, err
			}
			l.tiles[path] = data
		}
		all = append(all, data)
	}
	return all, nil
}

func openCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("the checkpoint is of another log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err == nil && len(root) != tlog.HashSize {
		err = errors.New("the root is no hash")
	}
	copy(tree.Hash[:], root)
	return tree, err
}

func (l *log) entries(index int64, width int64) ([][]byte, error) {
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
	path := "tile/entries/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight))
	data, err := l.get(path)
	var entries [][]byte
	for err == nil && len(data) > 0 {
		size := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+size])
		data = data[2+size:]
	}
	if err == nil && int64(len(entries)) != width {
		err = fmt.Errorf("%s holds %d entries", path, len(entries))
	}
	return entries, err
}

func (l *log) checkEntries(tree tlog.Tree, reader tlog.HashReader) (int64, error) {
	var checked int64
	for index := int64(0); index*tileWidth < tree.N; index++ {
		width := tree.N - index*tileWidth
		if width > tileWidth {
			width = tileWidth
		}
		entries, err := l.entries(index, width)
		if err != nil {
			return checked, err
		}
		for i, entry := range entries {
			at := index*tileWidth + int64(i)
			proof, err := tlog.ProveRecord(tree.N, at, reader)
			if err != nil {
				return checked, err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, at, tlog.RecordHash(entry)); err != nil {
				return checked, fmt.Errorf("entry %d: %w", at, err)
			}
			checked++
		}
	}
	return checked, nil
}

func checkOlder(tree, older tlog.Tree, reader tlog.HashReader) error {
	proof, err := tlog.ProveTree(tree.N, older.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

// The text of a .tlog-proof file against the leaf's hash.
func checkProof(text string, leaf string, verifier note.Verifier) error {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("this is no tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(checkpoint), verifier)
	if err != nil {
		return err
	}
	hash, err := tlog.ParseHash(leaf)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, hash)
}

func run() error {
	url := flag.String("url", "", "the log's URL")
	key := flag.String("key", "", "its verifier key")
	rootKey := flag.String("root-key", "", "for its entries")
	since := flag.String("since", "", "a file with an older checkpoint")
	proof := flag.String("proof", "", "a .tlog-proof file")
	leaf := flag.String("leaf", "", "the hash of the leaf that it proves")
	withEntries := flag.Bool("entries", false, "check all entries")
	flag.Parse()
	verifier, err := note.NewVerifier(*key)
	if err != nil {
		return err
	}
	l := &log{*url, *rootKey, map[string][]byte{}}
	text, err := l.get("checkpoint")
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, verifier)
	if err != nil {
		return err
	}
	// Checks every tile that it reads against the root.
	reader := tlog.TileHashReader(tree, l)
	result := map[string]any{"size": tree.N}
	for older := int64(1); older < tree.N; older += 1 + older/3 {
		hash, err := tlog.TreeHash(older, reader)
		if err != nil {
			return err
		}
		if err := checkOlder(tree, tlog.Tree{N: older, Hash: hash}, reader); err != nil {
			return err
		}
	}
	if *since != "" {
		kept, err := os.ReadFile(*since)
		if err != nil {
			return err
		}
		older, err := openCheckpoint(kept, verifier)
		if err != nil {
			return err
		}
		if older.N > 0 {
			if err := checkOlder(tree, older, reader); err != nil {
				return fmt.Errorf("the older checkpoint: %w", err)
			}
		}
		result["since"] = older.N
	}
	if *proof != "" {
		kept, err := os.ReadFile(*proof)
		if err != nil {
			return err
		}
		if err := checkProof(string(kept), *leaf, verifier); err != nil {
			return fmt.Errorf("the proof: %w", err)
		}
		result["proof"] = true
	}
	if *withEntries {
		checked, err := l.checkEntries(tree, reader)
		if err != nil {
			return err
		}
		result["entries"] = checked
	}
	result["checkpoint"] = string(text)
	return json.NewEncoder(os.Stdout).Encode(result)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
