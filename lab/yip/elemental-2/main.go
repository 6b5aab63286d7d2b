// The yip of elemental 2, which is a library there: its executor with the plugins it comes with, as `elemental run-stage`
// calls it for one stage (elemental-toolkit v2 pkg/cloudinit/cloudinit.go). Called like yip's own command: -s STAGE DIRECTORY…
package main

import (
	"flag"
	"os"

	"github.com/rancher/yip/pkg/console"
	"github.com/rancher/yip/pkg/executor"
	"github.com/sirupsen/logrus"
	"github.com/twpayne/go-vfs/v4"
)

func main() {
	stage := flag.String("s", "default", "stage")
	flag.Parse()
	log := logrus.New()
	runner := executor.NewExecutor(executor.WithLogger(log))
	if err := runner.Run(*stage, vfs.OSFS, console.NewStandardConsole(console.WithLogger(log)), flag.Args()...); err != nil {
		log.Error(err)
		os.Exit(1)
	}
}
