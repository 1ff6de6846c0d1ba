module tls

go 1.18
