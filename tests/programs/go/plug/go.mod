module plug

go 1.15
