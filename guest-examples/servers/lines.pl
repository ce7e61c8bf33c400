# Prints "line 1" to "line COUNT" and what it has computed so far: hashes, regular expressions, sorting, big strings.
use strict;
use warnings;
$| = 1;
my (%seen, $text);
for my $number (1 .. $ARGV[0]) {
    $seen{$number % 97} .= chr(97 + $number % 26);
    ($text = join ",", map { "$_=$seen{$_}" } sort { $a <=> $b } keys %seen) =~ s/([a-m])/\U$1/g;
    printf "line %d %d %s\n", $number, length $text, unpack "%32C*", $text;
    select undef, undef, undef, 0.001;
}
