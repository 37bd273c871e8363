using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

/// <summary>Certificates that are renewed under an instance which may not read them: the daemon is root's, the instance nobody's.</summary>
public sealed class RenewalTests
{
    private const string Kept = "changed but cannot be used, the old one stays";
    private const string Renewed = "renewed from";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Links_that_are_switched_to_new_files_are_taken_up_without_a_restart_and_without_losing_a_connection()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        var live = Private(daemon, "live");
        var (oldCert, newCert) = (Archive(daemon, "1", days: 5), Archive(daemon, "2", days: 60));
        Switch(live, "1");
        var port = await ServeAsync(daemon, $"certfile = {live}/cert.pem\nkeyfile = {live}/key.pem");
        var pid = await daemon.InstancePidAsync("example");
        using var connection = await RawClient.ConnectTlsAsync(port);
        Assert.Equal(Hash(oldCert), connection.CertificateHash);
        await GetAsync(connection);

        Switch(live, "2");

        await UntilServedAsync(port, newCert);
        await GetAsync(connection);
        var status = await daemon.StatusAsync("example");
        Assert.Equal(pid, status.GetProperty("pid").GetInt32());
        Assert.Equal(Expiry(newCert), NotAfter(status));
        var log = await daemon.WaitForLogAsync("server", Renewed);
        Assert.Single(log.Split('\n'), line => line.Contains(Renewed, StringComparison.Ordinal));
        Assert.DoesNotContain(Kept, log, StringComparison.Ordinal);
        AssertNoKeyIsLogged(daemon);
    }

    [Fact]
    public async Task A_pair_that_does_not_fit_leaves_the_old_one_is_told_once_and_a_good_one_after_it_is_taken_up()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        var secret = Private(daemon, "private");
        var (cert, key) = TestCertificate.Write(secret, "first");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var port = await ServeAsync(daemon, $"certfile = {cert}\nkeyfile = {key}");
        var first = Hash(cert);

        var (_, strange) = TestCertificate.Write(Private(daemon, "strange"));
        await File.WriteAllBytesAsync(key, await File.ReadAllBytesAsync(strange, Cancellation), Cancellation);
        await daemon.WaitForLogAsync("server", Kept);
        Assert.Equal(first, await ServedAsync(port));

        TestCertificate.Write(secret, "second");
        await UntilServedAsync(port, cert);

        var log = (await daemon.WaitForLogAsync("server", Renewed)).Split('\n');
        Assert.Single(log, line => line.Contains(Renewed, StringComparison.Ordinal));
        var complaint = Assert.Single(log, line => line.Contains(Kept, StringComparison.Ordinal));
        Assert.Contains("does not belong to the first certificate", complaint, StringComparison.Ordinal);
        AssertNoKeyIsLogged(daemon);
    }

    [Fact]
    public async Task A_successor_begins_with_the_newest_files_and_gets_those_that_come_after_it()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        var secret = Private(daemon, "private");
        var (cert, key) = TestCertificate.Write(secret, "first");
        var port = await ServeAsync(daemon, $"certfile = {cert}\nkeyfile = {key}");

        TestCertificate.Write(secret, "second");
        var restarted = await daemon.RunAsync("-f", "example", "restart");
        Assert.True(restarted.ExitCode == 0, restarted.ToString());
        Assert.Equal(Hash(cert), await ServedAsync(port));

        TestCertificate.Write(secret, "third");
        await UntilServedAsync(port, cert);
        TestDaemon.Signal(await daemon.InstancePidAsync("example"), Posix.SigKill);
        TestCertificate.Write(secret, "fourth");
        await UntilServedAsync(port, cert);
    }

    [Fact]
    public async Task Certificates_of_single_names_are_renewed_too_and_one_file_may_hold_both_parts()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        var (cert, key) = TestCertificate.Write(Private(daemon, "default"), "default");
        var both = Path.Combine(Private(daemon, "named"), "both.pem");
        WriteBoth("first");
        var port = await ServeAsync(daemon, $"certfile = {cert}\nkeyfile = {key}\n[certificates:line]\nwww.example.com = {both}, , not needed");
        var served = await ServedAsync(port, "www.example.com");

        WriteBoth("second");

        await UntilAsync(port, "www.example.com", hash => hash != served);
        Assert.Equal(Hash(both), await ServedAsync(port, "www.example.com"));
        Assert.Equal(Hash(cert), await ServedAsync(port));

        void WriteBoth(string subject)
        {
            var (named, itsKey) = TestCertificate.Write(Path.GetDirectoryName(both)!, subject);
            var draft = both + ".new";
            File.WriteAllText(draft, File.ReadAllText(named) + File.ReadAllText(itsKey));
            File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Move(draft, both, overwrite: true);
        }
    }

    /// <summary>Serves over TLS as nobody; connections may idle for longer than a test takes. Gives the port.</summary>
    private static Task<int> ServeAsync(TestDaemon daemon, string certificates)
    {
        daemon.LetEverybodyIn();
        return daemon.ServeAsync(
            $"/ = {daemon.WebPath}", server: "user = nobody", more: $"[tunefactors]\nkeep_alive = 10m\n[ssl]\nenable_ssl = yes\n{certificates}");
    }

    /// <summary>A directory that nobody but root gets into.</summary>
    private static string Private(TestDaemon daemon, string name) => Directory.CreateDirectory(
        Path.Combine(daemon.Root, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    /// <summary>As certbot keeps them: one set of files after the other; gives the certificate.</summary>
    private static string Archive(TestDaemon daemon, string version, int days)
    {
        var (cert, key) = TestCertificate.Write(Private(daemon, "archive" + version), days: days);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return cert;
    }

    /// <summary>As certbot renews: the links are removed and made anew.</summary>
    private static void Switch(string live, string version)
    {
        foreach (var name in (string[])["cert.pem", "key.pem"])
        {
            File.Delete(Path.Combine(live, name));
            File.CreateSymbolicLink(Path.Combine(live, name), $"../archive{version}/{name}");
        }
    }

    private static void AssertNoKeyIsLogged(TestDaemon daemon)
    {
        foreach (var file in Directory.EnumerateFiles(daemon.LogPath, "*", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("PRIVATE KEY", File.ReadAllText(file), StringComparison.Ordinal);
        }
    }

    private static string Hash(string certFile)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(certFile);
        return certificate.GetCertHashString();
    }

    private static DateTimeOffset Expiry(string certFile)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(certFile);
        return new DateTimeOffset(certificate.NotAfter);
    }

    private static DateTimeOffset NotAfter(JsonElement status) =>
        status.GetProperty("figures").GetProperty("certificates")[0].GetProperty("not_after").GetDateTimeOffset();

    private static Task UntilServedAsync(int port, string certFile) => UntilAsync(port, "127.0.0.1", hash => hash == Hash(certFile));

    private static Task UntilAsync(int port, string name, Func<string, bool> wanted) => TestDaemon.WaitAsync(
        "the renewed certificate was served",
        async () =>
        {
            try
            {
                return wanted(await ServedAsync(port, name));
            }
            catch (IOException)
            {
                return false; // the process that took the connection was killed
            }
        });

    private static async Task<string> ServedAsync(int port, string name = "127.0.0.1")
    {
        using var connection = await RawClient.ConnectTlsAsync(port, name);
        return connection.CertificateHash!;
    }

    /// <summary>One request and its answer.</summary>
    private static async Task GetAsync(RawClient connection)
    {
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
        var answer = await connection.ReadUntilAsync("hello");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("hello", answer, StringComparison.Ordinal);
    }
}
