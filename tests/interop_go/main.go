// Interop opens an export of Assent's log with code that others wrote: Go's own checksum
// database client (golang.org/x/mod/sumdb) and transparency-dev/formats.
//
//	interop export FOLDER KEY...
//	interop receipts FOLDER KEY...
//
// KEY is a verifier key of the log or of a witness. It prints one line of JSON with what was
// proved, and ends with 1 and a sentence when something was not.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	checkpoints "github.com/transparency-dev/formats/log"
	cosignatures "github.com/transparency-dev/formats/note"
	proofs "github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// found is what was proved; the test compares it with what is there.
type found struct {
	Checkpoints  int    `json:"checkpoints"`
	Cosignatures int    `json:"cosignatures"`
	Entries      int64  `json:"entries"`
	Trees        int    `json:"trees"`
	Receipts     int    `json:"receipts"`
	Root         string `json:"root"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 3 {
		return fmt.Errorf("usage: interop export|receipts FOLDER KEY...")
	}
	trust, err := verifiers(arguments[2:])
	if err != nil {
		return err
	}
	what := map[string]func(string, []note.Verifier) (*found, error){
		"export": export, "receipts": receipts,
	}[arguments[0]]
	if what == nil {
		return fmt.Errorf("`%s` is neither export nor receipts", arguments[0])
	}
	result, err := what(arguments[1], trust)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// verifiers reads keys: 1 is a log's (Ed25519), 4 and 6 are witnesses' (Ed25519, ML-DSA-44).
func verifiers(keys []string) ([]note.Verifier, error) {
	var all []note.Verifier
	for _, key := range keys {
		// The base64 may have a `+` of its own.
		parts := strings.SplitN(key, "+", 3)
		typed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
		if err != nil || len(typed) == 0 {
			return nil, fmt.Errorf("`%s` is no verifier key", key)
		}
		var verifier note.Verifier
		switch typed[0] {
		case 1:
			verifier, err = note.NewVerifier(key)
		case 4:
			verifier, err = cosignatures.NewVerifierForCosignatureV1(key)
		case 6:
			verifier, err = cosignatures.NewMLDSAVerifier(key)
		default:
			err = fmt.Errorf("type %d is not known", typed[0])
		}
		if err != nil {
			return nil, fmt.Errorf("key `%.60s`: %w", key, err)
		}
		all = append(all, verifier)
	}
	return all, nil
}

// opened opens a note with every key and returns its tree and how many witnesses signed it.
func opened(message []byte, trust []note.Verifier) (tlog.Tree, int, error) {
	var tree tlog.Tree
	signed, err := note.Open(message, note.VerifierList(trust...))
	if err != nil {
		return tree, 0, err
	}
	if len(signed.UnverifiedSigs) > 0 {
		return tree, 0, fmt.Errorf("a signature of `%s` is by no key that was given", signed.UnverifiedSigs[0].Name)
	}
	var checkpoint checkpoints.Checkpoint
	rest, err := checkpoint.Unmarshal([]byte(signed.Text))
	if err != nil || len(rest) > 0 {
		return tree, 0, fmt.Errorf("the text is no checkpoint: %w", err)
	}
	if checkpoint.Origin != trust[0].Name() || signed.Sigs[0].Name != trust[0].Name() {
		return tree, 0, fmt.Errorf("`%s` did not sign it first", trust[0].Name())
	}
	tree.N = int64(checkpoint.Size)
	copy(tree.Hash[:], checkpoint.Hash)
	return tree, len(signed.Sigs) - 1, nil
}

// folder reads tiles where C2SP tlog-tiles has them.
type folder string

func (f folder) Height() int                     { return tileHeight }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.tile(tile)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// tile reads one tile; where only a wider one is there, as much of that as was asked for.
func (f folder) tile(tile tlog.Tile) ([]byte, error) {
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
	if strings.Contains(path, "/data/") {
		return nil, fmt.Errorf("nobody asks for %s", path)
	}
	data, err := os.ReadFile(filepath.Join(string(f), path))
	if err == nil {
		return data, nil
	}
	whole, _, _ := strings.Cut(path, ".p/")
	candidates, _ := filepath.Glob(filepath.Join(string(f), whole+".p", "*"))
	for _, candidate := range append(candidates, filepath.Join(string(f), whole)) {
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() || info.Size() < int64(tile.W*tlog.HashSize) {
			continue
		}
		data, err := os.ReadFile(candidate)
		return data[:tile.W*tlog.HashSize], err
	}
	return nil, err
}

// entries reads the leaves of one bundle.
func (f folder) entries(index, width int64) ([][]byte, error) {
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: int(width)}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(f), path))
	if err != nil {
		return nil, err
	}
	var leaves [][]byte
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("%s is cut off", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if len(data) < end {
			return nil, fmt.Errorf("%s is cut off", path)
		}
		leaves = append(leaves, data[2:end])
		data = data[end:]
	}
	if int64(len(leaves)) != width {
		return nil, fmt.Errorf("%s has %d entries, not %d", path, len(leaves), width)
	}
	return leaves, nil
}

func export(path string, trust []note.Verifier) (*found, error) {
	message, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	if err != nil {
		return nil, err
	}
	newest, _, err := opened(message, trust)
	if err != nil {
		return nil, err
	}
	result := &found{Root: newest.Hash.String()}
	hashes := tlog.TileHashReader(newest, folder(path))
	if err := proveTrees(path, trust, newest, hashes, result); err != nil {
		return nil, err
	}
	return result, proveEntries(folder(path), newest, hashes, result)
}

// proveTrees shows that every checkpoint that is retained is a prefix of the newest one.
func proveTrees(path string, trust []note.Verifier, newest tlog.Tree, hashes tlog.HashReader, result *found) error {
	names, err := filepath.Glob(filepath.Join(path, "checkpoints", "*"))
	if err != nil {
		return err
	}
	for _, name := range names {
		message, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, cosigned, err := opened(message, trust)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		result.Checkpoints++
		result.Cosignatures += cosigned
		if tree.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(newest.N, tree.N, hashes)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		if err := tlog.CheckTree(proof, newest.N, newest.Hash, tree.N, tree.Hash); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		result.Trees++
	}
	return nil
}

// proveEntries shows of each entry that it is in the newest tree, where its bundle says.
func proveEntries(from folder, newest tlog.Tree, hashes tlog.HashReader, result *found) error {
	for start := int64(0); start < newest.N; start += tileWidth {
		leaves, err := from.entries(start/tileWidth, min(tileWidth, newest.N-start))
		if err != nil {
			return err
		}
		for at, leaf := range leaves {
			index := start + int64(at)
			proof, err := tlog.ProveRecord(newest.N, index, hashes)
			if err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
			if err := tlog.CheckRecord(proof, newest.N, newest.Hash, index, tlog.RecordHash(leaf)); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
			result.Entries++
		}
	}
	return nil
}

// receipts proves every receipt in a folder, with the bytes of its entry beside it.
func receipts(path string, trust []note.Verifier) (*found, error) {
	names, err := filepath.Glob(filepath.Join(path, "*.tlog-proof"))
	if err != nil {
		return nil, err
	}
	result := &found{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		leaf, err := os.ReadFile(strings.TrimSuffix(name, ".tlog-proof") + ".leaf")
		if err != nil {
			return nil, err
		}
		var read proofs.TLogProof
		if err := read.Unmarshal(data); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		tree, cosigned, err := opened(read.Checkpoint, trust)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		var proof tlog.RecordProof
		for _, hash := range read.Hashes {
			proof = append(proof, tlog.Hash(hash))
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(read.Index), tlog.RecordHash(leaf)); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		result.Receipts++
		result.Cosignatures += cosigned
	}
	return result, nil
}
