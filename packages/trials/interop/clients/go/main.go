// Refreshes tokens with golang.org/x/oauth2, unmodified, for a trial.
//
// Reads requests from standard input and writes answers to standard output, one JSON object per line. Requests:
//
//	{"library", "call": "refresh", "url", "clientId", "clientSecret", "refreshToken"}
//	{"library", "call": "race", ..., "racers"}: that many goroutines, each with a source of its own, refresh the same token
//	{"library", "call": "share", ..., "racers"}: that many goroutines ask one source
//	{"library", "call": "exchange", "url", "clientId", "clientSecret", "code", "redirectUri"}
//
// Answers: {"refreshTokens": [...]}, or {"error": {...}} with what the user of the library sees of the error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/oauth2"
)

type request struct {
	Library      string `json:"library"`
	Call         string `json:"call"`
	URL          string `json:"url"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	RefreshToken string `json:"refreshToken"`
	Code         string `json:"code"`
	RedirectURI  string `json:"redirectUri"`
	Racers       int    `json:"racers"`
}

type seen struct {
	Type        string  `json:"type"`
	Error       *string `json:"error"`
	Description *string `json:"description"`
	Status      *int    `json:"status"`
	RetryAfter  *string `json:"retryAfter"`
}

type answer struct {
	RefreshTokens []string `json:"refreshTokens,omitempty"`
	Error         *seen    `json:"error,omitempty"`
}

// The three ways in which the library can send the client's id and secret.
var styles = map[string]oauth2.AuthStyle{
	"x/oauth2, AuthStyleAutoDetect": oauth2.AuthStyleAutoDetect,
	"x/oauth2, AuthStyleInHeader":   oauth2.AuthStyleInHeader,
	"x/oauth2, AuthStyleInParams":   oauth2.AuthStyleInParams,
}

func (r request) config() *oauth2.Config {
	style, found := styles[r.Library]
	if !found {
		panic("unknown library: " + r.Library)
	}
	return &oauth2.Config{
		ClientID:     r.ClientID,
		ClientSecret: r.ClientSecret,
		RedirectURL:  r.RedirectURI,
		Endpoint:     oauth2.Endpoint{TokenURL: r.URL, AuthStyle: style},
	}
}

func (r request) source() oauth2.TokenSource {
	return r.config().TokenSource(context.Background(), &oauth2.Token{RefreshToken: r.RefreshToken})
}

// race lets all goroutines start at once, and returns what each got, or the first error.
func (r request) race(sourceOf func(racer int) oauth2.TokenSource) ([]string, error) {
	tokens := make([]string, r.Racers)
	failures := make([]error, r.Racers)
	start := make(chan struct{})
	var racers sync.WaitGroup
	for racer := range r.Racers {
		source := sourceOf(racer)
		racers.Go(func() {
			<-start
			token, err := source.Token()
			if err != nil {
				failures[racer] = err
				return
			}
			tokens[racer] = token.RefreshToken
		})
	}
	close(start)
	racers.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (r request) run() ([]string, error) {
	var token *oauth2.Token
	var err error
	switch r.Call {
	case "refresh":
		token, err = r.source().Token()
	case "exchange":
		token, err = r.config().Exchange(context.Background(), r.Code)
	case "race":
		return r.race(func(int) oauth2.TokenSource { return r.source() })
	case "share":
		shared := r.source()
		return r.race(func(int) oauth2.TokenSource { return shared })
	default:
		panic("unknown call: " + r.Call)
	}
	if err != nil {
		return nil, err
	}
	return []string{token.RefreshToken}, nil
}

// whatIsSeen returns what the user of the library sees of an error.
func whatIsSeen(err error) *seen {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return &seen{Type: fmt.Sprintf("%T", err)}
	}
	said := &seen{Type: "RetrieveError", Status: &refused.Response.StatusCode}
	if refused.ErrorCode != "" {
		said.Error = &refused.ErrorCode
		said.Description = &refused.ErrorDescription
	}
	if after := refused.Response.Header.Get("Retry-After"); after != "" {
		said.RetryAfter = &after
	}
	return said
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		tokens, err := asked.run()
		given := answer{RefreshTokens: tokens}
		if err != nil {
			given.Error = whatIsSeen(err)
		}
		if err := answers.Encode(given); err != nil {
			panic(err)
		}
	}
}
