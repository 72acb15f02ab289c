# One command per chore, the same here as in CI. `just --list` shows them.

# What has to hold before a change lands: formatting, clippy, layers, tidy, all tests.
check:
    cargo xtask ci

# All tests, conformance corpora included where they are at hand.
test:
    cargo xtask test

# The conformance corpora alone, and WebSocket through the gateway: `just conformance --all` for every case of it.
conformance *arguments:
    cargo xtask corpus
    cargo xtask conformance websocket {{ arguments }}

# The whole gateway on real sockets.
e2e:
    cargo test -p e2e

# CPU per request beside nginx and HAProxy: `just bench keepalive-64 --quick`.
bench *arguments:
    cargo xtask bench {{ arguments }}

# A gateway to play with: sample backends, no document needed.
dev *arguments:
    cargo run -p gateway -- dev {{ arguments }}

# Layers, line width, module documentation, links.
tidy:
    cargo fmt --all
    cargo xtask layers
    cargo xtask tidy
