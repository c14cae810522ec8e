//! What every store must do, and what each does besides.

mod azure_blob;
mod combined;
mod conformance;
mod copy;
mod sqlite;

use healthbot_scheduler::store::{Condition, Document, Etag, Read, Store, Wanted, Written};

async fn read(store: &dyn Store, key: &str) -> Read {
    read_known(store, key, None).await
}

async fn read_known(store: &dyn Store, key: &str, known: Option<Etag>) -> Read {
    let reads = store.get(&[Wanted { key, known }]).await.unwrap();
    assert_eq!(reads.len(), 1);
    reads.into_iter().next().unwrap()
}

async fn document(store: &dyn Store, key: &str) -> Document {
    match read(store, key).await {
        Read::Document(document) => document,
        other => panic!("`{key}` is {other:?}"),
    }
}

async fn put(store: &dyn Store, key: &str, bytes: impl AsRef<[u8]>) -> Etag {
    done(store.put_if(key, Condition::Absent, bytes.as_ref().to_vec().into()).await)
}

async fn replace(store: &dyn Store, key: &str, etag: Etag, bytes: impl AsRef<[u8]>) -> Etag {
    done(store.put_if(key, Condition::Is(etag), bytes.as_ref().to_vec().into()).await)
}

fn done(written: Written) -> Etag {
    match written {
        Written::Done(etag) => etag,
        other => panic!("the write was {other:?}"),
    }
}
