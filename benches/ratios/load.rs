//! The least an HTTP/1.1 client can be: requests that are bytes already, over connections that are kept.

use std::{io, net::Ipv4Addr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A `POST` as it goes over the wire.
pub(crate) fn post(function: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /api/{function} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Connection {
    pub(crate) async fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its reply; answers the body of a 200.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let (body, end) = loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(body) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break (body + 4, body + 4 + length(&self.read[..body])?);
            }
        };
        while self.read.len() < end {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if self.read.starts_with(b"HTTP/1.1 200") {
            Ok(&self.read[body..end])
        } else {
            Err(io::Error::other(String::from_utf8_lossy(&self.read).into_owned()))
        }
    }
}

fn length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"content-length: ";
    let line = head.split(|byte| *byte == b'\n').find(|line| line.starts_with(NAME));
    let text = line.map(|line| String::from_utf8_lossy(&line[NAME.len()..]).trim().to_owned());
    text.and_then(|text| text.parse().ok()).ok_or_else(|| io::Error::other("a reply without a length"))
}
