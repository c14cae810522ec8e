//! Many at once: one gets the slot, and one request is one booking.

use std::{collections::HashSet, time::Duration};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{CLINIC, at_once, pair, patient, read, slots, standing, until_tidy};
use crate::fakes::functions_host::{FunctionsHost, invocation};

const CALLERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_patients_who_want_one_seat_one_gets_it_and_the_others_get_alternatives() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let slot = slots(&host, "flu", 3, 1).await[20].clone();
    let bodies = (0..CALLERS).map(|number| json!({"slotId": slot, "patient": patient(number)})).collect();
    let answers: Vec<Value> = at_once(&host, bodies, None).await.iter().map(read).collect();
    let of = |outcome: &str| answers.iter().filter(|answer| answer["outcome"] == outcome).count();
    assert_eq!((of("booked"), of("slotTaken")), (1, CALLERS - 1), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer["outcome"] == "slotTaken") {
        let alternatives = answer["alternatives"].as_array().expect("alternatives");
        assert!(!alternatives.is_empty(), "{answer}");
        assert!(alternatives.iter().all(|other| other["id"] != slot.as_str()), "{answer}");
    }
    assert_eq!(standing(&host).len(), 1);
}

/// All the same, to the byte; and one appointment.
async fn told_alike(host: &FunctionsHost, body: &Value, same: Option<&str>) {
    let answers = at_once(host, vec![body.clone(); CALLERS], same).await;
    assert_eq!(read(&answers[0])["outcome"], "booked");
    let different: HashSet<String> =
        answers.iter().map(|answer| format!("{} {}", answer.0, String::from_utf8_lossy(&answer.1))).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(standing(host).len(), 1);
    until_tidy(host).await;
    let entries: usize =
        host.documents("day/").iter().map(|(_, day)| day["entries"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(entries, body["slotIds"].as_array().expect("slots").len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_id_sent_fifty_times_at_once_is_one_booking_told_fifty_times() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let slots = pair(&host, "covid").await;
    let body = json!({"slotIds": slots, "patient": patient(1), "requestId": "fifty"});
    told_alike(&host, &body, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invocation_repeated_fifty_times_at_once_is_one_booking_told_fifty_times() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let slots = pair(&host, "covid").await;
    told_alike(&host, &json!({"slotIds": slots, "patient": patient(1)}), Some(&invocation())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_asking_fifty_times_at_once_without_any_id_is_one_booking() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let slot = slots(&host, "flu", 3, 1).await[20].clone();
    told_alike(&host, &json!({"slotIds": [slot], "patient": patient(1)}), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_series_that_share_their_second_slot_leave_no_first_dose_behind() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let firsts = slots(&host, "covid", 3, 1).await;
    let second = slots(&host, "covid", 13, 2).await[20].clone();
    let bodies = firsts
        .iter()
        .take(40)
        .enumerate()
        .map(|(number, first)| json!({"slotIds": [first, second], "patient": patient(number)}));
    let answers: Vec<Value> = at_once(&host, bodies.collect(), None).await.iter().map(read).collect();
    let taken: Vec<&Value> = answers.iter().filter(|answer| answer["outcome"] == "slotTaken").collect();
    assert_eq!(taken.len(), 39, "{answers:?}");
    assert!(taken.iter().all(|answer| answer["taken"] == json!([2])), "{taken:?}");
    until_tidy(&host).await;
    let entries: usize =
        host.documents("day/").iter().map(|(_, day)| day["entries"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(entries, 2, "the two doses of the one who got them");
    assert_eq!(slots(&host, "covid", 3, 1).await.len(), firsts.len() - 1, "the first doses are free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_give_each_seat_once() {
    let one = FunctionsHost::start(Some(CLINIC)).await;
    let other = one.another_instance().await;
    let seats: Vec<String> = slots(&one, "flu", 3, 1).await.into_iter().take(10).collect();
    let calls = (0..CALLERS).map(|number| {
        let host = if number % 2 == 0 { &one } else { &other };
        let body = json!({"slotId": seats[number / 2 % seats.len()], "patient": patient(number)});
        tokio::spawn(super::sent(host.client().clone(), host.url("/api/book"), invocation(), body))
    });
    let answers = futures_util::future::join_all(calls.collect::<Vec<_>>()).await;
    let answers: Vec<Value> = answers.into_iter().map(|answer| read(&answer.expect("a call"))).collect();
    let booked: Vec<(usize, &Value)> =
        answers.iter().enumerate().filter(|(_, answer)| answer["outcome"] == "booked").collect();
    assert_eq!(booked.len(), seats.len(), "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|answer| ["booked", "slotTaken"].contains(&answer["outcome"].as_str().unwrap_or_default()))
    );
    let starts: HashSet<&str> =
        booked.iter().filter_map(|(_, answer)| answer["appointments"][0]["start"].as_str()).collect();
    assert_eq!(starts.len(), seats.len(), "every seat went once");
    // What one process was told, the other knows.
    for (number, answer) in booked {
        let host = if number % 2 == 0 { &other } else { &one };
        let contact = json!({"email": format!("patient{number}@example.org")});
        let found = host
            .call(
                "get-appointment",
                json!({"confirmationCode": answer["confirmationCode"], "contact": contact}),
            )
            .await;
        assert_eq!(found.outcome(), "found", "{}", found.body);
    }
}

/// A booking as bytes on the wire.
fn request(host: &FunctionsHost, slots: &[String; 2], number: usize) -> Vec<u8> {
    let body =
        json!({"slotIds": slots, "patient": patient(number), "requestId": format!("request-{number}")})
            .to_string();
    format!(
        "POST /api/book HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
         X-Azure-Functions-InvocationId: {}\r\nContent-Length: {}\r\n\r\n{body}",
        host.port(),
        invocation(),
        body.len()
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_leaves_a_whole_booking_or_none() {
    const HANG_UPS: usize = 200;
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let slots = pair(&host, "mass").await;
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut cut_short = HashSet::new();
    for number in 0..HANG_UPS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let request = request(&host, &slots, number);
        let mut connection = TcpStream::connect(("127.0.0.1", host.port())).await.expect("a connection");
        // One in five does not even finish asking.
        let length = request.len();
        let kept = if number % 5 == 0 { usize::try_from(random).expect("64 bits") % length } else { length };
        if kept < length {
            cut_short.insert(number);
        }
        connection.write_all(&request[..kept]).await.expect("sent");
        tokio::time::sleep(Duration::from_micros((random >> 20) % 20_000)).await;
        // Half of them without a good-bye.
        if number % 2 == 0 {
            connection.set_zero_linger().expect("a reset");
        }
        drop(connection);
    }
    until_tidy(&host).await;
    let standing = standing(&host);
    let entries: usize =
        host.documents("day/").iter().map(|(_, day)| day["entries"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(entries, 2 * standing.len(), "half a booking stays");
    for booking in &standing {
        let doses = booking["doses"].as_array().expect("doses");
        assert!(doses.len() == 2 && doses.iter().all(|dose| dose["place"].is_object()), "{booking}");
    }
    assert!(standing.len() <= HANG_UPS - cut_short.len(), "what was never asked for was booked");
    // Asked again, each is booked, once, whatever was left.
    for number in 0..HANG_UPS {
        let body =
            json!({"slotIds": slots, "patient": patient(number), "requestId": format!("request-{number}")});
        let reply = host.call("book", body).await;
        assert_eq!(reply.outcome(), "booked", "{number}: {}", reply.body);
        assert_eq!(reply.body["appointments"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(super::standing(&host).len(), HANG_UPS);
    println!("{} of {HANG_UPS} were whole, {} never finished asking", standing.len(), cut_short.len());
}
