// Serves HTTP on 127.0.0.1:PORT: each answer is the next number. Goroutines, timers, a map that grows, and the
// garbage collector are in its way.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type counter struct {
	sync.Mutex
	next int
	seen map[int]string
}

func (counter *counter) answer(path string) int {
	counter.Lock()
	defer counter.Unlock()
	counter.next++
	counter.seen[counter.next] = path
	delete(counter.seen, counter.next-1000)
	return counter.next
}

func main() {
	counter := &counter{seen: map[int]string{}}
	ticks := time.NewTicker(3 * time.Millisecond)
	garbage := make(chan string)
	go func() {
		for range ticks.C {
			garbage <- strings.Repeat("x", 1<<14)
		}
	}()
	go func() {
		for range garbage {
		}
	}()
	handler := func(writer http.ResponseWriter, request *http.Request) {
		result := make(chan int)
		go func() {
			select {
			case <-time.After(time.Millisecond):
				result <- counter.answer(request.URL.Path)
			case <-request.Context().Done():
				result <- 0
			}
		}()
		fmt.Fprintln(writer, <-result)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(handler)))
	os.Exit(1)
}
