<?php
// Laravel's hasher, query builder and user provider, as its skeleton sets them up.
use Illuminate\Auth\DatabaseUserProvider;
use Illuminate\Database\Capsule\Manager;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Hashing\BcryptHasher;

// Debian's Laravel 8 is older than its PHP, which warns of what it will drop.
error_reporting(E_ALL & ~E_DEPRECATED);
foreach (['Container', 'Database', 'Hashing', 'Auth'] as $part) {
    require_once "Illuminate/$part/autoload.php";
}

$url = parse_url(getenv('DATABASE_URL'));
$capsule = new Manager();
$capsule->addConnection([
    'driver' => 'pgsql',
    'host' => $url['host'],
    'port' => $url['port'],
    'database' => substr($url['path'], 1),
    'username' => $url['user'],
    'password' => $url['pass'] ?? '',
    'charset' => 'utf8',
]);
$hasher = new BcryptHasher(['rounds' => 10]);
$connection = $capsule->getConnection();
$provider = new DatabaseUserProvider($connection, $hasher, 'users');

$calls = [
    'schema' => function () use ($connection) {
        $connection->getSchemaBuilder()->create('users', function (Blueprint $table) {
            $table->id();
            $table->string('name');
            $table->string('email')->unique();
            $table->timestamp('email_verified_at')->nullable();
            $table->string('password');
            $table->rememberToken();
            $table->timestamps();
        });
    },
    'users' => function ($values) use ($connection, $hasher) {
        $hashes = [];
        $rows = [];
        foreach ($values['users'] as ['address' => $address, 'password' => $password]) {
            $hashes[$password] ??= $hasher->make($password);
            $rows[] = [
                'name' => 'Owner',
                'email' => $address,
                'email_verified_at' => date('c'),
                'password' => $hashes[$password],
            ];
        }
        $connection->table('users')->insert($rows);
        return array_column($rows, 'email');
    },
    'verify' => function ($values) use ($provider) {
        $credentials = ['email' => $values['address'], 'password' => $values['password']];
        $user = $provider->retrieveByCredentials($credentials);
        return $user !== null && $provider->validateCredentials($user, $credentials);
    },
];

while (($line = fgets(STDIN)) !== false) {
    $values = json_decode($line, true);
    try {
        $reply = ['value' => $calls[$values['call']]($values)];
    } catch (Throwable $error) {
        $reply = ['error' => (string) $error];
    }
    echo 'reply ', json_encode($reply), "\n";
}
