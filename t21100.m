understudy: listening on 127.0.0.1:21100
