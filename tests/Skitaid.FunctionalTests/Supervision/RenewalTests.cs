using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

/// <summary>Certificates that are renewed under an instance which may not read them: the daemon is root's, the instance nobody's.</summary>
public sealed class RenewalTests
{
    private const string Kept = "changed but cannot be used, the old one stays";
    private const string Renewed = "renewed from";

    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Links_that_are_switched_to_new_files_are_taken_up_without_a_restart_and_without_losing_a_connection()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        var live = Private(daemon, "live");
        var (oldCert, newCert) = (Archive(daemon, "1", days: 5), Archive(daemon, "2", days: 60));
        Switch(live, daemon, "1");
        var port = Write(daemon, $"certfile = {live}/cert.pem\nkeyfile = {live}/key.pem");
        await daemon.StartAsync();
        var pid = await daemon.InstancePidAsync("example");
        using var connection = await ConnectAsync(port);
        Assert.Equal(Hash(oldCert), connection.Stream.RemoteCertificate!.GetCertHashString());
        await connection.GetAsync();

        Switch(live, daemon, "2");

        await UntilServedAsync(port, newCert);
        await connection.GetAsync();
        var status = await daemon.StatusAsync("example");
        Assert.Equal(pid, status.GetProperty("pid").GetInt32());
        Assert.Equal(Expiry(newCert), NotAfter(status));
        await TestDaemon.WaitAsync("the log told of it", () => ServerLog(daemon).Any(line => line.Contains(Renewed, StringComparison.Ordinal)));
        Assert.Single(ServerLog(daemon), line => line.Contains(Renewed, StringComparison.Ordinal));
        Assert.DoesNotContain(ServerLog(daemon), line => line.Contains(Kept, StringComparison.Ordinal));
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
        var port = Write(daemon, $"certfile = {cert}\nkeyfile = {key}");
        await daemon.StartAsync();
        var first = Hash(cert);

        var (_, strange) = TestCertificate.Write(Private(daemon, "strange"));
        await File.WriteAllBytesAsync(key, await File.ReadAllBytesAsync(strange, Cancellation), Cancellation);
        await TestDaemon.WaitAsync("the log told of the key", () => ServerLog(daemon).Any(line => line.Contains(Kept, StringComparison.Ordinal)));
        Assert.Equal(first, await ServedAsync(port));

        TestCertificate.Write(secret, "second");
        await UntilServedAsync(port, cert);

        await TestDaemon.WaitAsync("the log told of it", () => ServerLog(daemon).Any(line => line.Contains(Renewed, StringComparison.Ordinal)));
        Assert.Single(ServerLog(daemon), line => line.Contains(Renewed, StringComparison.Ordinal));
        var complaint = Assert.Single(ServerLog(daemon), line => line.Contains(Kept, StringComparison.Ordinal));
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
        var port = Write(daemon, $"certfile = {cert}\nkeyfile = {key}");
        await daemon.StartAsync();

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
        var port = Write(daemon, $"certfile = {cert}\nkeyfile = {key}\n[certificates:line]\nwww.example.com = {both}, , not needed");
        await daemon.StartAsync();
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

    private static int Write(TestDaemon daemon, string certificates)
    {
        File.SetUnixFileMode(daemon.Root, Everybody);
        var port = TestDaemon.FreePort();
        daemon.WriteConf(
            "example",
            $"[server]\nport = {port}\nuser = nobody\n[ssl]\nenable_ssl = yes\n{certificates}\n[routes:line]\n/ = {daemon.WebPath}\n[tunefactors]\nkeep_alive = 10m\n");
        return port;
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
    private static void Switch(string live, TestDaemon daemon, string version)
    {
        foreach (var name in (string[])["cert.pem", "key.pem"])
        {
            File.Delete(Path.Combine(live, name));
            File.CreateSymbolicLink(Path.Combine(live, name), $"../archive{version}/{name}");
        }

        Assert.True(Directory.Exists(Path.Combine(daemon.Root, "archive" + version)));
    }

    private static string[] ServerLog(TestDaemon daemon)
    {
        var path = Path.Combine(daemon.LogPath, "instances", "example", "server.log");
        return File.Exists(path) ? File.ReadAllLines(path) : [];
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
        using var connection = await ConnectAsync(port, name);
        return connection.Stream.RemoteCertificate!.GetCertHashString();
    }

    private static async Task<Connection> ConnectAsync(int port, string name = "127.0.0.1")
    {
        var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port, Cancellation);
        var stream = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false);
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = name,
#pragma warning disable CA5359 // which one it is, is what the tests are about
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            Cancellation);
        return new Connection(socket, stream);
    }

    private sealed class Connection(TcpClient socket, SslStream stream) : IDisposable
    {
        public SslStream Stream => stream;

        /// <summary>One request and its answer.</summary>
        public async Task GetAsync()
        {
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: example\r\n\r\n"u8.ToArray(), Cancellation);
            var answer = "";
            var buffer = new byte[4096];
            while (!answer.EndsWith("hello", StringComparison.Ordinal))
            {
                var read = await stream.ReadAsync(buffer, Cancellation);
                Assert.NotEqual(0, read);
                answer += System.Text.Encoding.ASCII.GetString(buffer, 0, read);
            }

            Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        }

        public void Dispose()
        {
            stream.Dispose();
            socket.Dispose();
        }
    }
}
