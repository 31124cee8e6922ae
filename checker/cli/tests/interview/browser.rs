//! The report in a real Chromium, headless, through chromedriver. Needs both on the
//! machine, so it is behind the feature `browser`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::real_root;

/// The least contrast of text with what is behind it (WCAG 2.2, level AA).
const CONTRAST: f64 = 4.5;

/// Every text with less contrast than the first argument, as `element: ratio`.
const POOR_CONTRAST: &str = "
const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = parse(getComputedStyle(at).backgroundColor);
    if (color[3] > 0) return color;
  }
  return [255, 255, 255, 1];
};
const poor = [];
for (const element of document.querySelectorAll('main *, header *')) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || element.closest('svg')) continue;
  const [one, other] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (ratio < arguments[0]) poor.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
}
return [...new Set(poor)];";

struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// A headless Chromium of its own.
    fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver");
        let port = port(&mut driver);
        let profile = tempfile::tempdir().expect("a folder");
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1100,1000",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!(
            "--user-data-dir={}",
            browser._profile.path().display()
        ));
        let answer = browser.post(
            "/session",
            &json!({ "capabilities": { "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": { "args": arguments },
                "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            }}}),
        );
        browser.session = answer["sessionId"].as_str().expect("a session").to_owned();
        browser
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the driver");
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("to ask");
        let answer: Value = serde_json::from_slice(&body_of(stream)).expect("JSON");
        assert!(
            answer["value"]["error"].is_null(),
            "{path}: {}",
            answer["value"]["message"]
        );
        answer["value"].clone()
    }

    fn of_session(&self, path: &str, body: &Value) -> Value {
        self.post(&format!("/session/{}{path}", self.session), body)
    }

    fn open(&self, url: &str) {
        self.of_session("/url", &json!({ "url": url }));
    }

    fn run(&self, script: &str) -> Value {
        self.of_session(
            "/execute/sync",
            &json!({ "script": script, "args": [CONTRAST] }),
        )
    }

    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.of_session("/goog/cdp/execute", &body)
    }

    /// Presses a key, as a person would.
    fn press(&self, key: &str) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": [
            { "type": "keyDown", "value": key },
            { "type": "keyUp", "value": key },
        ]}]});
        self.of_session("/actions", &actions);
    }

    fn log(&self, kind: &str) -> Vec<String> {
        let log = self.of_session("/se/log", &json!({ "type": kind }));
        let entries = log.as_array().expect("entries").iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // Closing the session ends the browser; the driver is ended below.
            let path = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: localhost\r\n",
                self.session
            );
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let _ = write!(stream, "{path}\r\n");
                let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                let _ = stream.read(&mut [0; 64]);
            }
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The body of an answer. The driver keeps its connections open.
fn body_of(stream: TcpStream) -> Vec<u8> {
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a deadline");
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("an answer");
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    body
}

/// The port that the driver says it listens at.
fn port(driver: &mut Child) -> u16 {
    let mut out = driver.stdout.take().expect("its output");
    let mut said = String::new();
    let mut byte = [0];
    while out.read(&mut byte).expect("its output") == 1 {
        said.push(char::from(byte[0]));
        let started = said
            .rsplit_once("successfully on port ")
            .map(|(_, rest)| rest);
        if let Some(port) = started.and_then(|rest| rest.strip_suffix(".\n")) {
            // What it says later must not end it.
            thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
            return port.parse().expect("a port");
        }
    }
    panic!("the driver said no port:\n{said}")
}

#[test]
fn the_report_in_a_real_browser() {
    let browser = Browser::start();
    let file = real_root().join("docs/samples/strong/report.html");
    let url = format!("file://{}", file.display());
    browser.open(&url);

    let headings =
        browser.run("return [...document.querySelectorAll('h2')].map((h) => h.textContent)");
    assert_eq!(
        headings,
        json!([
            "Overall Assessment",
            "Strengths",
            "Areas for Improvement & Deeper Discussion",
            "Final Verdict",
            "Evidence",
        ])
    );
    let dead = "return [...document.querySelectorAll('a[href^=\"#\"]')]
        .filter((a) => !document.getElementById(a.getAttribute('href').slice(1))).map((a) => a.href)";
    assert_eq!(browser.run(dead), json!([]), "links that lead nowhere");
    let order = "let last = 0, jumps = [];
        for (const h of document.querySelectorAll('h1, h2, h3')) {
          const level = Number(h.tagName[1]);
          if (level > last + 1) jumps.push(h.textContent);
          last = level;
        }
        return jumps;";
    assert_eq!(browser.run(order), json!([]), "headings that skip a level");

    let dots = "return [...document.querySelectorAll('svg circle')]
        .filter((dot) => dot.getBoundingClientRect().width > 0).length";
    assert!(
        browser.run(dots).as_u64().is_some_and(|dots| dots > 20),
        "{}",
        browser.run(dots)
    );

    // Playback, by keyboard alone.
    let at = || browser.run("return document.querySelector('#playback .says').textContent");
    let visible =
        || browser.run("return document.querySelectorAll('.version:not([hidden])').length");
    browser.run("document.getElementById('playback').focus()");
    let number = |text: &Value| {
        text.as_str()
            .and_then(|text| text.split(' ').next()?.parse::<usize>().ok())
    };
    let all = number(&at()).expect("a number");
    assert!(all >= 8, "{}", at());
    assert_eq!(visible(), 1);
    const HOME: &str = "\u{e011}";
    const END: &str = "\u{e010}";
    const LEFT: &str = "\u{e012}";
    const RIGHT: &str = "\u{e014}";
    for (key, expected) in [
        (LEFT, all - 1),
        (LEFT, all - 2),
        (RIGHT, all - 1),
        (HOME, 1),
        (LEFT, 1),
        (RIGHT, 2),
        (END, all),
        (RIGHT, all),
    ] {
        browser.press(key);
        assert_eq!(number(&at()), Some(expected));
        assert_eq!(visible(), 1);
    }

    for scheme in ["light", "dark"] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.chromium(
            "Emulation.setEmulatedMedia",
            &json!({ "media": "", "features": features }),
        );
        assert_eq!(browser.run(POOR_CONTRAST), json!([]), "{scheme}");
    }
    let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(wide), 0, "the page scrolls sideways");
    browser.chromium(
        "Emulation.setEmulatedMedia",
        &json!({ "media": "print", "features": [] }),
    );
    let playback = "return getComputedStyle(document.getElementById('playback')).display";
    assert_eq!(browser.run(playback), "none");
    let pdf = browser.chromium("Page.printToPDF", &json!({}));
    assert!(pdf["data"].as_str().is_some_and(|data| data.len() > 50_000));

    assert_eq!(browser.log("browser"), Vec::<String>::new(), "the console");
    let requests: Vec<String> = browser
        .log("performance")
        .into_iter()
        .filter(|message| message.contains("\"Network.requestWillBeSent\""))
        // Not those of the browser's own first page.
        .filter(|message| message.contains("\"documentURL\":\"file:"))
        .filter(|message| !message.contains(&format!("\"url\":\"{url}\"")))
        .filter(|message| !message.contains("\"url\":\"data:"))
        .collect();
    assert_eq!(requests, Vec::<String>::new(), "requests");
}

#[test]
fn the_report_without_scripts() {
    let browser = Browser::start();
    browser.chromium(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    browser.open(&format!(
        "file://{}",
        real_root().join("docs/samples/weak/report.html").display()
    ));
    let versions = browser.run("return document.querySelectorAll('.version:not([hidden])').length");
    assert!(
        versions.as_u64().is_some_and(|number| number >= 6),
        "{versions}"
    );
    let controls = "return getComputedStyle(document.querySelector('.controls')).display";
    assert_eq!(
        browser.run(controls),
        "none",
        "controls that would do nothing"
    );
    let text = browser.run("return document.body.innerText");
    let text = text.as_str().expect("text");
    for part in [
        "Overall Assessment",
        "Not yet.",
        "Playback",
        "To practise next.",
    ] {
        assert!(text.contains(part), "{part}");
    }
}
