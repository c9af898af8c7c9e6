# Prints for each file its score and the rules that fire, as `spamassassin -L -t` finds them. Every mail is judged in a
# process of its own, because rules that count ("too many of these letters") otherwise count letters of the mail before.
use strict;
use warnings;
use POSIX ();
use Mail::SpamAssassin;

my $judge = Mail::SpamAssassin->new({ local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null' });
$judge->compile_now(0);
$| = 1;
my $working = 0;
for my $file (@ARGV) {
  if ($working == 2) { wait; $working-- }
  my $child = fork;
  die "no process: $!" unless defined $child;
  if ($child) { $working++; next }
  open my $mail, '<:raw', $file or die "$file: $!";
  my $parsed = $judge->parse([<$mail>]);
  my $found = $judge->check($parsed);
  printf "%s %.2f %s\n", $file, $found->get_score, $found->get_names_of_tests_hit;
  POSIX::_exit(0);
}
1 while wait != -1;
