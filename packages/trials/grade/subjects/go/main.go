// Refreshes with golang.org/x/oauth2, as a graded command. The file is the one that its documentation leaves to the program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/oauth2"
)

type held struct {
	Access    string `json:"access"`
	Refresh   string `json:"refresh"`
	ExpiresAt int64  `json:"expiresAt"`
}

func number(name string) int64 {
	value, _ := strconv.ParseInt(os.Getenv(name), 10, 64)
	return value
}

func fail(code int, err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(code)
}

func main() {
	now := number("KEYFOB_NOW")
	file := filepath.Join(os.Getenv("KEYFOB_STATE"), "tokens.json")
	tokens := held{os.Getenv("KEYFOB_ACCESS_TOKEN"), os.Getenv("KEYFOB_REFRESH_TOKEN"), number("KEYFOB_EXPIRES_AT")}
	if text, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(text, &tokens); err != nil {
			fail(75, err)
		}
	}
	if now >= tokens.ExpiresAt {
		config := &oauth2.Config{
			ClientID:     os.Getenv("KEYFOB_CLIENT_ID"),
			ClientSecret: os.Getenv("KEYFOB_CLIENT_SECRET"),
			Endpoint:     oauth2.Endpoint{TokenURL: os.Getenv("KEYFOB_TOKEN_URL")},
		}
		token, err := config.TokenSource(context.Background(), &oauth2.Token{RefreshToken: tokens.Refresh}).Token()
		if err != nil {
			var refused *oauth2.RetrieveError
			if errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
				fail(77, err)
			}
			fail(75, err)
		}
		// The library reads the real clock; the grade moves another one.
		expiresAt := now + time.Until(token.Expiry).Milliseconds()
		tokens = held{token.AccessToken, token.RefreshToken, expiresAt}
	}
	text, _ := json.Marshal(tokens)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		fail(75, err)
	}
	fmt.Println(tokens.Access)
}
