/** A hash that the tool itself made, with the command that made it; `P` is the password. */
export interface Vector {
  /** The name of its form here. */
  readonly form: string;
  readonly tool: string;
  readonly command: string;
  readonly hash: string;
  /** Where it is not `vectorPassword`: of published vectors. */
  readonly password?: string;
}

export const vectorPassword = 'pässwörd of years ago';

/**
 * `python3-django`: after `from django.contrib.auth.hashers import *`, with `time_cost=2`, `memory_cost=1024`,
 * `parallelism=1` of its argon2 and `rounds=4` of its bcrypt. `python3-passlib`: after `import passlib.hash as p`;
 * `python3-werkzeug`: after `from werkzeug.security import *`. `hashlib` is Python's own, and stands for what the tool
 * calls where its version is not to be had.
 */
export const vectors: readonly Vector[] = [
  {
    form: 'argon2id m=1024,t=2,p=1',
    tool: 'python3-argon2 21.1.0',
    command: 'argon2.PasswordHasher(2, 1024, 1).hash(P)',
    hash: '$argon2id$v=19$m=1024,t=2,p=1$85ECeN8MRdQajggoJkwc+A$5iMX3QF/6OmNXwfOj/x/xg',
  },
  {
    form: 'argon2i m=1024,t=2,p=2',
    tool: 'python3-argon2 21.1.0',
    command: 'argon2.PasswordHasher(2, 1024, 2, type=argon2.Type.I).hash(P)',
    hash: '$argon2i$v=19$m=1024,t=2,p=2$fGM/G+fIEsCzJDpgcPtq4Q$L3XpuJPeks9Ry3WWSZ3l2g',
  },
  {
    form: 'argon2d m=1024,t=2,p=1',
    tool: 'python3-argon2 21.1.0',
    command: 'argon2.PasswordHasher(2, 1024, 1, type=argon2.Type.D).hash(P)',
    hash: '$argon2d$v=19$m=1024,t=2,p=1$cAQlVIerw3LKuizdY9F3kw$5gYId6aaMaaSWsUVmKd6GA',
  },
  {
    form: 'argon2id m=1024,t=2,p=1',
    tool: 'python3-django 3.2.25',
    command: 'Argon2PasswordHasher().encode(P, "saltsaltsalt")',
    hash: 'argon2$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0$aHpdd0zGx5AreoT7Wij34w',
  },
  {
    form: 'bcrypt 04',
    tool: 'ruby-bcrypt 3.1.18',
    command: 'puts BCrypt::Password.create(P, cost: 4)',
    hash: '$2a$04$iDaYNIL8X5Y4b8LQ1EUjJeRQT9CBT8vdTDZi1gUoH3fhDWv4lw.Sy',
  },
  {
    form: 'bcrypt 04',
    tool: 'php-cli 8.2',
    command: 'echo password_hash($P, PASSWORD_BCRYPT, ["cost" => 4]);',
    hash: '$2y$04$R1acvtOf0fci5oosE0cSg.ccOEPuhEocnV2A.gQ3iRD9HTUjSTfZC',
  },
  {
    form: 'bcrypt 04',
    tool: 'python3-bcrypt 3.2.2',
    command: 'bcrypt.hashpw(P.encode(), bcrypt.gensalt(4)).decode()',
    hash: '$2b$04$hgjx5rvBj4bgI8UZUBhznegPG79Vl2.9l.KY7bo1tMU0qaCInkgBG',
  },
  {
    form: 'bcrypt 05',
    tool: 'whois 5.5.17',
    command: 'mkpasswd -m bcrypt-a -R 4 "$P"',
    hash: '$2a$05$agTxELdOtVlanRu.0gCtK.SsgqfSoUewff5fVZDun4gLxDHQtyGwi',
  },
  {
    form: 'bcrypt 04',
    tool: 'python3-django 3.2.25',
    command: 'BCryptPasswordHasher().encode(P, b"$2b$04$" + b"s" * 21 + b"u")',
    hash: 'bcrypt$$2b$04$sssssssssssssssssssssukI7FmtDIvgVgwxNTiZtmr4WecAijc26',
  },
  {
    form: 'bcrypt 04',
    tool: 'python3-django 3.2.25',
    command: 'BCryptSHA256PasswordHasher().encode(P, b"$2b$04$" + b"s" * 21 + b"u")',
    hash: 'bcrypt_sha256$$2b$04$sssssssssssssssssssssu6OYLwGqPXCEEpTCblsvG3QR9Op4oXre',
  },
  {
    form: 'bcrypt 04',
    tool: 'python3-passlib 1.7.4',
    command: 'p.bcrypt_sha256.using(rounds=4).hash(P)',
    hash: '$bcrypt-sha256$v=2,t=2b,r=4$sA3G/EDGrglz37IBTpal3O$uJmCIzUqgoD.EGfKWD8A.raSoy5V6Au',
  },
  {
    form: 'bcrypt 04',
    tool: 'python3-passlib 1.7.4',
    command: 'p.bcrypt_sha256.using(rounds=4, version=1).hash(P)',
    hash: '$bcrypt-sha256$2b,4$0uJ4.LNCOZIhKcD/DzPrIO$Gprxf4.pCMpfqKxgpOWt64ZfP2Kp966',
  },
  {
    form: 'bcrypt 04',
    tool: 'php-cli 8.2',
    command:
      'echo "$wp" . password_hash(base64_encode(hash_hmac("sha384", trim($P), "wp-sha384", true)), PASSWORD_BCRYPT, ["cost" => 4]);',
    hash: '$wp$2y$04$vn.OWhj5qbpXYr779AQgKOFXhlJEAduyljapURmmL5DmmtmrVJC.a',
  },
  {
    form: 'scrypt ln=8,r=8,p=1',
    tool: 'python3-passlib 1.7.4',
    command: 'p.scrypt.using(rounds=8).hash(P)',
    hash: '$scrypt$ln=8,r=8,p=1$rXWOUUqp9V5Lyfn/H0MI4Q$HJGqE+b7W1c79kWRG7u30ALa0AkRmaJ3xwoVuW4GuKY',
  },
  {
    form: 'pbkdf2-sha1 1000',
    tool: 'python3-passlib 1.7.4',
    command: 'p.pbkdf2_sha1.using(rounds=1000).hash(P)',
    hash: '$pbkdf2$1000$bQ0BwFiLEcI4p9QaQwhBqA$6ykAQHlNFOcOq8AGnSZRto.qJj8',
  },
  {
    form: 'pbkdf2-sha256 1000',
    tool: 'python3-passlib 1.7.4',
    command: 'p.pbkdf2_sha256.using(rounds=1000).hash(P)',
    hash: '$pbkdf2-sha256$1000$2JsTopQyhpAyhnBubQ1BqA$p9c0yiVRgtVCEgsvrNiVK.rnTsOletbkoz1CSGTl/Qw',
  },
  {
    form: 'pbkdf2-sha512 1000',
    tool: 'python3-passlib 1.7.4',
    command: 'p.pbkdf2_sha512.using(rounds=1000).hash(P)',
    hash: '$pbkdf2-sha512$1000$1NpbC6HUurcWIsQYw9hbaw$ge62BTSC2XbSMgNCzJy4X6/0k.e4BhEvrSvKKf4U/E/WBL8/RSHWoAFaYdodru9Ce9yD/ycyr9iKfg.bdmQ.tQ',
  },
  {
    form: 'pbkdf2-sha256 1000',
    tool: 'python3-django 3.2.25',
    command: 'PBKDF2PasswordHasher().encode(P, "seasalt", 1000)',
    hash: 'pbkdf2_sha256$1000$seasalt$hBI8G+udzmB0DAmnwspbq34KzrT1F9NDrcIddL0HJLM=',
  },
  {
    form: 'pbkdf2-sha1 1000',
    tool: 'python3-django 3.2.25',
    command: 'PBKDF2SHA1PasswordHasher().encode(P, "seasalt", 1000)',
    hash: 'pbkdf2_sha1$1000$seasalt$sOZv+Vd10JQKKjV+r7xjeu+MQIU=',
  },
  {
    form: 'pbkdf2-sha256 1000',
    tool: 'python3-werkzeug 2.2.2',
    command: 'generate_password_hash(P, "pbkdf2:sha256:1000")',
    hash: 'pbkdf2:sha256:1000$7wkYs93CpA5nV212$ed97d1cc2b5767fd52e993d418539dde8eceefe22786b579bf41c12dfe83e210',
  },
  {
    form: 'pbkdf2-sha512 1000',
    tool: 'python3-werkzeug 2.2.2',
    command: 'generate_password_hash(P, "pbkdf2:sha512:1000")',
    hash: 'pbkdf2:sha512:1000$A5Sb88cfausPakEz$baf994d197f05f8ba3425047a427183de720b9cf03965e8136522034ec49ff2711a13e0313e2e41cf29b1e46ae2d6435c7638ed1bef007614e75a668a1b5f8d3',
  },
  {
    form: 'phpass 7',
    tool: 'python3-passlib 1.7.4',
    command: 'p.phpass.using(rounds=7).hash(P)',
    hash: '$P$5fg/XO/LkufSdwcGZ.zdsPtQStNggm0',
  },
  {
    form: 'phpass 7',
    tool: 'python3-passlib 1.7.4',
    command: 'p.phpass.using(rounds=7, ident="H").hash(P)',
    hash: '$H$5Y4n..YIlHZT/ltdjwchSbmOsUXtaO/',
  },
  {
    form: 'sha256-crypt 5000,16',
    tool: 'whois 5.5.17',
    command: 'mkpasswd -m sha-256 "$P"',
    hash: '$5$55rIjFg5uGiiQ79A$pqBki5rSmWAy.shcGE6.HPPWh7k2tZ31YdI6cmjaHuA',
  },
  {
    form: 'sha512-crypt 5000,16',
    tool: 'whois 5.5.17',
    command: 'mkpasswd -m sha-512 "$P"',
    hash: '$6$zakjfWjdO7C6qv1i$7doa4jx9zw8qSt4PLF/cnAXnIzDCtLl7nRRLz9Q28ZIrAfXiW.AGYlYJ1/lERY/osaRRbGwJU1XR3R3evRgOU.',
  },
  {
    form: 'sha512-crypt 1000,8',
    tool: 'whois 5.5.17',
    command: 'mkpasswd -m sha-512 -R 1000 -S saltsalt "$P"',
    hash: '$6$rounds=1000$saltsalt$3vaiFYJLFqFSXAef4W2ahP6aiyjqR9b63XwS/Gnp1dd.ko70asrOdJXrKjgjCb0E1KVBxmDFPxMhVJAjERCNu.',
  },
  {
    form: 'sha256-crypt 1234,16',
    tool: 'php-cli 8.2',
    command: 'echo crypt($P, "$5$rounds=1234$abcdefghijklmnop$");',
    hash: '$5$rounds=1234$abcdefghijklmnop$cn2iXJM3pgV7dvkfLJLtGRnQ.4SBcrnAM8FOY3pg2PB',
  },
  {
    form: 'ssha 1',
    tool: 'python3-passlib 1.7.4',
    command: 'p.ldap_salted_sha1.hash(P)',
    hash: '{SSHA}GBsQBoObBC8yJ6gZah4Ib7evQAAXQkhp',
  },
  {
    form: 'ssha 1',
    tool: 'python3-passlib 1.7.4',
    command: 'p.ldap_salted_sha256.hash(P)',
    hash: '{SSHA256}ag7JD5Bl1/GkDVPLbd8p9YEU0J7ZsJSBYzyLUMzC+nZFiHEOIYRQag==',
  },
  {
    form: 'ssha 1',
    tool: 'python3-passlib 1.7.4',
    command: 'p.ldap_salted_sha512.hash(P)',
    hash: '{SSHA512}Ltbv9gv/5mb5/n32CRBh1kR/450CDZ2z82DnhskXm9C1bA4dP15pz/tyzhE3LtDbx2smqYLvTDC/2Khk45lZ07X2PqcU4jwH',
  },
  {
    form: 'scrypt ln=14,r=16,p=1',
    tool: 'better-auth 1.7.25',
    command: 'await hashPassword(P)',
    hash: '58fa111ad16e8c24ab24a80647dde5d7:52a127fbc3ba4321f38778943ed8fdf2448f2a7ccf9637d6bce23a5f6d12356c5cdb2a9e484a860b108b77642eb0a2a9501233c5a37a47f0b2f4e960a5e4584c',
  },
  {
    form: 'scrypt ln=4,r=8,p=1',
    tool: 'firebase-scrypt 2.2.0',
    command:
      'new FirebaseScrypt({ memCost: 4, rounds: 8, saltSeparator: "Bw==", signerKey: "jxspr8Ki…" }).hash(P, "42xEC+ixf3L2lw==")',
    hash: '$fbscrypt$v=1,n=4,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$DHIl3/AkIlHYJl2/JmzjdTWgzDyUecm5X4EOSU+6Un1P5/BBSr9f3MO6TKErZ5fREfXdGKyyPMg0WyvFllV73w==',
  },
  {
    form: 'scrypt ln=10,r=8,p=1',
    tool: 'hashlib',
    command:
      '"scrypt:1024:8:1$seasaltseasalt12$" + hashlib.scrypt(P.encode(), salt=b"seasaltseasalt12", n=1024, r=8, p=1).hex()',
    hash: 'scrypt:1024:8:1$seasaltseasalt12$8c15214480e3c92e33586a538b26b8fd3b1e89bc44574ca3e4f431e12194e6179784dcc63300e799623b404ba93b2c34d7a367e28761e25d685c54121cf60583',
  },
  {
    form: 'scrypt ln=10,r=8,p=5',
    tool: 'hashlib',
    command:
      '"scrypt$1024$seasaltseasalt$8$5$" + base64.b64encode(hashlib.scrypt(P.encode(), salt=b"seasaltseasalt", n=1024, r=8, p=5)).decode()',
    hash: 'scrypt$1024$seasaltseasalt$8$5$XUbj6ysEJVwXPowBmUKqFTjJn5IPB5E0g2KEHOlCv6xX77BxKNTM1Eb2aQ2ZcfVrRDL2moaOESQyQysxg1hZHA==',
  },
  {
    form: 'pbkdf2-sha256 2000',
    tool: 'hashlib',
    command:
      'b = lambda x: base64.b64encode(x).decode().rstrip("="); "$pbkdf2-sha256$i=1000,l=64$" + b(b"sixteen of salt.") + "$" + b(hashlib.pbkdf2_hmac("sha256", P.encode(), b"sixteen of salt.", 1000, 64))',
    hash: '$pbkdf2-sha256$i=1000,l=64$c2l4dGVlbiBvZiBzYWx0Lg$yv+XtChd7JxgkzM7bZK7ZpT3hxpeQ9MqCsaVIEm+B027piV553xqAVLhgpB378EB0Vu+TX4GGUq2TKW91UikwQ',
  },
  {
    form: 'sha512-crypt 5000,16',
    tool: 'unixcrypt 3.0.4',
    command: 'encrypt(P, "$6$rounds=5000$abcdefghijklmnop")',
    hash: '$6$rounds=5000$abcdefghijklmnop$Kippyc7FhKFVu9hima/WTLM2bfRk9X1ueX.sJo.AxuT0hjzO60xVuzY/jAGnKku40ixS4JjQfEkE2NyYANRfX1',
  },
  {
    form: 'scrypt ln=14,r=8,p=1',
    tool: 'github.com/firebase/scrypt',
    command: 'README.md, "Sample"',
    password: 'user1password',
    hash: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  },
  {
    form: 'pbkdf2-sha256 10000',
    tool: 'github.com/dotnet/aspnetcore',
    command:
      'src/Identity/test/Identity.Test/PasswordHasherTest.cs, HashPassword_DefaultsToVersion3 (of its version 6)',
    password: 'my password',
    hash: 'AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==',
  },
  {
    form: 'pbkdf2-sha512 100000',
    tool: 'github.com/dotnet/aspnetcore',
    command: 'the same file, HashPassword_DefaultsToVersion3 (since version 7)',
    password: 'my password',
    hash: 'AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg/Q8A0WMKbtHQJQ2DHCdoEeeFBrgNlldq6vH4qX/CGqGQ==',
  },
  {
    form: 'pbkdf2-sha1 2000',
    tool: 'hashlib, as ASP.NET Identity 3 with SHA-1',
    command:
      'base64.b64encode(b"\\x01" + struct.pack(">III", 0, 1000, 16) + S + hashlib.pbkdf2_hmac("sha1", P, S, 1000, 32)), S = bytes(range(16))',
    hash: 'AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8srKTpz65MKxQvBZPmbRwgrz3gxdSRBTzI2mYExyXo7g==',
  },
  {
    form: 'pbkdf2-sha1 2000',
    tool: 'github.com/dotnet/aspnetcore',
    command: 'the same file, HashPassword_Version2',
    password: 'my password',
    hash: 'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==',
  },
  {
    form: 'pbkdf2-sha256 55000',
    tool: 'Keycloak',
    command:
      'an export of a realm with its users, published as an example: hashedSaltedValue, salt, hashIterations 27500',
    password: 'admin',
    hash: '$pbkdf2-sha256$i=27500,l=64$1/qNkZ5kr77jOMOBPBogGw$4pf9K2jWSCcHC+CwsZP/qidN5pSmDUe6AX6wBerSGdBVKkExay8MWKx+EKmaaObZW6FVsD8vdW/ZsyUFD9gJ1Q',
  },
];
