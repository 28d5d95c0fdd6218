package main

import (
	"fmt"
	"strconv"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
)

// numbered formats a version for goose, under the number that it is given.
type numbered string

// Format implements atlas.Formatter.
func (n numbered) Format(plan *atlas.Plan) ([]atlas.File, error) {
	files, err := sqltool.GooseFormatter.Format(plan)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", plan.Name, err)
	}
	for i, file := range files {
		files[i] = atlas.NewLocalFile(fmt.Sprintf("%s_%s.sql", string(n), plan.Name), file.Bytes())
	}
	return files, nil
}

// write adds a plan to a folder of versions, and its checksum.
func write(dir atlas.Dir, number string, plan *atlas.Plan) error {
	if err := atlas.Validate(dir); err != nil {
		return fmt.Errorf("a version was edited, or is new (then run make migration-hash first): %w", err)
	}
	if err := atlas.NewPlanner(nil, dir, atlas.PlanFormat(numbered(number))).WritePlan(plan); err != nil {
		return fmt.Errorf("write %s: %w", plan.Name, err)
	}
	return nil
}

// nextNumber returns a number for a version after all versions of some folders: the time, unless one of
// them is newer. goose refuses a version that is older than one that was applied.
func nextNumber(dirs ...atlas.Dir) (string, error) {
	next := atlas.NewVersion()
	for _, dir := range dirs {
		files, err := dir.Files()
		if err != nil {
			return "", fmt.Errorf("read the versions: %w", err)
		}
		for _, file := range files {
			if file.Version() < next {
				continue
			}
			number, err := strconv.ParseInt(file.Version(), 10, 64)
			if err != nil {
				return "", fmt.Errorf("read the number of %s: %w", file.Name(), err)
			}
			next = strconv.FormatInt(number+1, 10)
		}
	}
	return next, nil
}
