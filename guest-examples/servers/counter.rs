//! Serves HTTP on 127.0.0.1:PORT: each answer is the next number. A pool of threads, a channel between them, and one
//! thread that owns the number.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

type Queue = Arc<(Mutex<Vec<TcpStream>>, Condvar)>;

fn answer(stream: TcpStream, numbers: &Sender<Sender<u64>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let (sender, receiver) = channel();
    numbers.send(sender).expect("the owner of the number is there");
    let body = format!("{}\n", receiver.recv().expect("it answers"));
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    reader.into_inner().write_all((head + &body).as_bytes())
}

fn serve(queue: Queue, numbers: Sender<Sender<u64>>) {
    loop {
        let mut waiting = queue.0.lock().unwrap();
        let stream = loop {
            match waiting.pop() {
                Some(stream) => break stream,
                // A timeout, so that timed waits are there as well.
                None => waiting = queue.1.wait_timeout(waiting, Duration::from_millis(20)).unwrap().0,
            }
        };
        drop(waiting);
        // A client that has gone is no concern of the others.
        let _ = answer(stream, &numbers);
    }
}

fn main() {
    let port: u16 = std::env::args().nth(1).expect("a port").parse().expect("a number");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let queue: Queue = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    let (numbers, requests) = channel::<Sender<u64>>();
    thread::spawn(move || {
        for (number, reply) in (1..).zip(requests) {
            let _ = reply.send(number);
        }
    });
    for _ in 0..4 {
        let (queue, numbers) = (queue.clone(), numbers.clone());
        thread::spawn(move || serve(queue, numbers));
    }
    for stream in listener.incoming().flatten() {
        queue.0.lock().unwrap().push(stream);
        queue.1.notify_one();
    }
}
