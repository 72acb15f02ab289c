(() => {
  'use strict';
  // SHA-256 of our own: crypto.subtle is missing where a page comes over plain HTTP.
  const words = digits => Int32Array.from(digits.match(/.{8}/g), word => parseInt(word, 16));
  const FRACTIONS = words('6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19');
  const ROUNDS = words(
    '428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc3' +
    '72be5d7480deb1fe9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da' +
    '983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13' +
    '650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070' +
    '19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3748f82ee78a5636f84c878148cc70208' +
    '90befffaa4506cebbef9a3f7c67178f2');
  const w = new Int32Array(64);

  const turn = (word, by) => word >>> by | word << 32 - by;

  // Takes 64 characters of text, from `at` on, into a state.
  function take(state, text, at) {
    for (let i = 0; i < 16; i++) {
      const c = at + 4 * i;
      w[i] = text.charCodeAt(c) << 24 | text.charCodeAt(c + 1) << 16 | text.charCodeAt(c + 2) << 8 |
        text.charCodeAt(c + 3);
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + w[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & f ^ ~e & g) + ROUNDS[i] + w[i] | 0;
      const t = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & b ^ a & c ^ b & c);
      h = g; g = f; f = e; e = d + s | 0; d = c; c = b; b = a; a = s + t | 0;
    }
    return [a + state[0] | 0, b + state[1] | 0, c + state[2] | 0, d + state[3] | 0,
      e + state[4] | 0, f + state[5] | 0, g + state[6] | 0, h + state[7] | 0];
  }

  // What ends a text of this many characters: a one, zeros, its length in bits.
  const ending = length => '\x80' + '\0'.repeat((119 - length % 64) % 64) + '\0\0\0\0' +
    String.fromCharCode(length >>> 21 & 255, length >>> 13 & 255, length >>> 5 & 255, length << 3 & 255);

  const here = document.currentScript.dataset, bits = +here.bits, isForm = here.form === 'yes';
  const say = text => { document.getElementById('said').textContent = text; };

  // What all tries share is hashed once.
  const start = here.puzzle + ':', shared = start.length - start.length % 64, rest = start.slice(shared);
  let state = FRACTIONS;
  for (let at = 0; at < shared; at += 64) state = take(state, start, at);

  function isRight(number) {
    const last = rest + number, text = last + ending(shared + last.length);
    let hash = state;
    for (let at = 0; at < text.length; at += 64) hash = take(hash, text, at);
    return Math.clz32(hash[0]) >= bits;
  }

  // Where the clearance is not accepted (the address changes all the time), do not go round for ever.
  function goesRound() {
    try {
      const [tries, then] = (sessionStorage.getItem('gatehouse-challenge') || '0 0').split(' ').map(Number);
      const again = Date.now() - then < 30000 ? tries + 1 : 1;
      sessionStorage.setItem('gatehouse-challenge', again + ' ' + Date.now());
      return again > 4;
    } catch (_) {
      return false;
    }
  }

  function passed() {
    if (isForm) return say('Your browser has been checked. What you sent was not delivered: please send it again.');
    if (goesRound()) return say('Your browser was checked, but it is asked again each time. Please try later.');
    location.reload();
  }

  function refused(reason) {
    if (reason === 'old' && !isForm && !goesRound()) return location.reload();
    say('Your browser could not be checked (' + reason + '). Please load the page again.');
  }

  function send(number) {
    fetch(here.endpoint, { method: 'POST', body: start + number, credentials: 'same-origin', cache: 'no-store' })
      .then(answer => answer.ok ? passed() : answer.text().then(text => refused(text.trim().slice(0, 20))))
      .catch(() => refused('no answer'));
  }

  // In slices, so that the page stays alive.
  function search(number) {
    for (const end = number + 4096; number < end; number++) if (isRight(number)) return send(number);
    setTimeout(search, 0, number);
  }

  if (navigator.cookieEnabled) search(0);
  else say('This site needs cookies. Please allow them and load the page again.');
})();
