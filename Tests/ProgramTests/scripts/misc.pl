# What Perl programs do.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Errno qw(ENOENT);
use Fcntl qw(:flock SEEK_SET);
use File::Find;
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(sum max shuffle);
use POSIX qw(floor strftime);
use Socket;
use Storable qw(dclone);
use Time::HiRes qw(sleep time alarm);

$| = 1;
my %count;
open(my $words, '<', 'words.txt') or die "words.txt: $!";
while (<$words>) { $count{$_}++ for /\b(\w)/g }
close($words);
print join(' ', map { "$_$count{$_}" } sort keys %count), "\n";
print sha256_hex(join(',', 1 .. 1000)), ' ', sum(map { $_ * $_ } 1 .. 1000), ' ', max(3, 9, 2), "\n";
printf("%.15g %s %s\n", atan2(1, 1) * 4, strftime('%Y-%m-%d', gmtime(1e9)), floor(-2.5));
print unpack('H*', pack('NnCa3w', 1, 2, 3, 'abc', 300)), ' ', scalar reverse('palindrome'), "\n";

my $directory = tempdir(CLEANUP => 1);
open(my $file, '+>', "$directory/file") or die $!;
flock($file, LOCK_EX) or die $!;
print $file "line $_\n" for 1 .. 500;
seek($file, 0, SEEK_SET);
my @lines = <$file>;
print scalar(@lines), ' ', $lines[499];
close($file);
mkdir("$directory/sub") or die $!;
symlink('../file', "$directory/sub/link") or die $!;
my @found;
find({ wanted => sub { push @found, $File::Find::name }, no_chdir => 1 }, $directory);
print join(' ', map { s/^\Q$directory\E//r } sort @found), "\n";
open(my $none, '<', 'none') or print $!{ENOENT} ? "none: $!\n" : "?\n";

my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) or die $!;
my $accepted = $server->accept;
print $client "over tcp\n";
$client->flush;
print IO::Select->new($accepted)->can_read(30) ? 'readable: ' : '?', scalar <$accepted>;
socketpair(my $left, my $right, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die $!;
syswrite($left, 'over a pair');
sysread($right, my $data, 100);
print "$data\n";

my $alarms = 0;
local $SIG{ALRM} = sub { $alarms++ };
alarm(0.01, 0.01);
select(undef, undef, undef, 1) while $alarms < 5;
alarm(0);
print "alarms\n";
eval {
    local $SIG{ALRM} = sub { die "timed out\n" };
    alarm(0.02);
    sleep(1000);
};
print $@;
local $SIG{USR1} = sub { print "usr1\n" };
kill('USR1', $$);
my $copy = dclone({ list => [1, 2, { three => 3 }] });
print $copy->{list}[2]{three}, ' ', join(',', sort { $a <=> $b } shuffle(1 .. 9)), "\n";
END { print "end block, status $?\n" }
exit 3;
