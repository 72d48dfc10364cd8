/** Those of at least eight characters that lists of stolen passwords have most often, and the words behind them. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `password passwort password1 passw0rd motdepasse contraseña iloveyou ilovegod loveyou sunshine princess princesa football
baseball basketball superman batman spiderman pokemon starwars trustno1 whatever welcome letmein login administrator admin
administrateur adminadmin rootroot toor root default changeme changeit changethis secret secretsecret topsecret supersecret
master masterkey monkey dragon shadow michael jennifer jessica charlie jordan hunter freedom computer internet qwerty
qwertyuiop qwertyui qwerty123 qwerty12 1q2w3e4r 1q2w3e4r5t q1w2e3r4 q1w2e3r4t5 zaq12wsx 1qaz2wsx qazwsxedc qazwsx asdfasdf
asdfghjkl asdfjkl zxcvbnm abcd1234 abc123 abc12345 a1b2c3d4 aa123456 a123456 a1234567 123qweasd 123qwe123 qwe123 test testtest
test1234 testing tester guest guestguest demo demodemo user username example sample temp temporary temppass
temporal pass passpass passphrase hello hellohello helloworld goodluck blink182 liverpool chelsea arsenal barcelona
realmadrid manchester juventus bayern corvette mercedes porsche ferrari mustang harley yamaha jaguar samsung google facebook
linkedin youtube myspace apple iphone windows microsoft ubuntu debian linux docker container registry harbor harbour kubernetes
kubectl jenkins gitlab github nexus artifactory sonar grafana prometheus postgres postgresql mysql oracle redis mongodb
elastic rabbitmq minio minioadmin vagrant ansible terraform raspberry berth berthberth berthadmin berthregistry
summer winter spring autumn january february march april june july august september october november december monday
friday sunday butterfly chocolate strawberry elephant diamond midnight nothing something computer1 snoopy ginger pepper cookie
maverick phoenix mickey tigger patrick matthew andrew daniel anthony william thomas robert jonathan christian samantha nicole
victoria elizabeth alexander alexandra benjamin p@ssw0rd p@ssword pa$$word pa55word pa55w0rd letmein1 letmeinnow openup
opensesame trustme correcthorsebatterystaple correct-horse-battery-staple`.split(/\s+/),
)
