understudy: protected by 127.0.0.1:21100
segments: ok
