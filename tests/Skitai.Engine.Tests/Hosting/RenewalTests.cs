using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting.Tls;
using Skitai.Posix;

namespace Skitai.Engine.Tests.Hosting;

public sealed class RenewalTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-renewal-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly CertificateFiles _files;

    public RenewalTests()
    {
        _files = new CertificateFiles(Path.Combine(_directory, "cert.pem"), Path.Combine(_directory, "key.pem"), null);
        Write("one");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Files_that_have_not_changed_give_nothing_and_changed_ones_once()
    {
        var watch = new CertificateWatch(_files);
        Assert.Null(watch.Look());

        Write("two");

        using var change = watch.Look();
        Assert.Equal(File.ReadAllBytes(_files.KeyFile), change!.Content!.Key);
        Assert.Null(watch.Look());
    }

    [Fact]
    public void Files_that_are_gone_are_waited_for()
    {
        var watch = new CertificateWatch(_files);
        File.Delete(_files.KeyFile);
        Assert.Null(watch.Look());
        Assert.Null(watch.Look());

        Write("two");

        using var change = watch.Look();
        Assert.NotNull(change!.Content);
    }

    [Fact]
    public void A_pair_that_does_not_fit_is_told_of_at_the_second_look_and_not_at_all_when_it_fits_by_then()
    {
        var watch = new CertificateWatch(_files);
        var key = File.ReadAllText(_files.KeyFile);
        Write("two");
        var newKey = File.ReadAllText(_files.KeyFile);
        Put(_files.KeyFile, key);
        Assert.Null(watch.Look());
        Put(_files.KeyFile, newKey);
        using (var change = watch.Look())
        {
            Assert.NotNull(change!.Content);
        }

        Put(_files.KeyFile, key);
        Assert.Null(watch.Look());
        using var told = watch.Look();
        Assert.Contains("does not belong to the first certificate", told!.Problem, StringComparison.Ordinal);
        Assert.Null(told.Content);
        Assert.Null(watch.Look());
    }

    [Fact]
    public void A_link_that_is_switched_is_a_change()
    {
        var live = new CertificateFiles(Path.Combine(_directory, "live.pem"), Path.Combine(_directory, "live.key"), null);
        File.CreateSymbolicLink(live.CertFile, "cert.pem");
        File.CreateSymbolicLink(live.KeyFile, "key.pem");
        var watch = new CertificateWatch(live);
        var other = Directory.CreateDirectory(Path.Combine(_directory, "2")).FullName;
        Write("two", other);
        foreach (var (link, target) in (ReadOnlySpan<(string, string)>)[(live.CertFile, "2/cert.pem"), (live.KeyFile, "2/key.pem")])
        {
            File.CreateSymbolicLink(link + ".new", target);
            File.Move(link + ".new", link, overwrite: true);
        }

        using var change = watch.Look();

        Assert.Equal(File.ReadAllBytes(Path.Combine(other, "key.pem")), change!.Content!.Key);
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public void Other_permissions_alone_are_a_reason_to_look_again()
    {
        var watch = new CertificateWatch(_files);
        var before = PosixFile.GetStatus(_files.KeyFile)!.Value;

        // Until the file system's clock has ticked: a change in the tick of the one before cannot be seen by anybody.
        while (PosixFile.GetStatus(_files.KeyFile) == before)
        {
            File.SetUnixFileMode(_files.KeyFile, UnixFileMode.UserRead);
        }

        var after = PosixFile.GetStatus(_files.KeyFile)!.Value;
        Assert.True(before.IsSameFile(after));
        Assert.Equal((before.Modified, before.Size), (after.Modified, after.Size));
        using var change = watch.Look();
        Assert.NotNull(change!.Content);
    }

    [Fact]
    public void A_file_that_is_larger_than_any_certificate_is_refused()
    {
        var watch = new CertificateWatch(_files);
        File.AppendAllText(_files.CertFile, new string('\n', CertificateContent.LargestFile));

        Assert.Null(watch.Look());
        using var change = watch.Look();

        Assert.Contains("is too large for a certificate or key", change!.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_does_not_look_itself_takes_what_it_is_handed_and_nothing_else()
    {
        await using var instance = await StartAsync();
        var watch = new CertificateWatch(_files);
        Write("two");
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("CN=one", Served(instance));

        using (var change = watch.Look())
        {
            instance.RenewCertificate("/elsewhere.pem", _files.KeyFile, change!);
            Assert.Equal("CN=one", Served(instance));
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, change!);
        }

        Assert.Equal("CN=two", Served(instance));
        Assert.Null(instance.GetStatus().LastError);
    }

    [Fact]
    public async Task What_it_is_handed_is_checked_in_full_and_a_certificate_that_is_not_valid_now_does_not_replace_a_valid_one()
    {
        await using var instance = await StartAsync();
        Write("past", from: TimeSpan.FromDays(-9), until: TimeSpan.FromDays(-2));
        Hand(instance);
        Assert.Equal("CN=one", Served(instance));
        Assert.Contains("the new certificate has expired", instance.GetStatus().LastError, StringComparison.Ordinal);

        using (var nonsense = new CertificateChange(new CertificateContent("nonsense"u8.ToArray(), [])))
        {
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, nonsense);
        }

        Assert.Equal("CN=one", Served(instance));
        Assert.Contains("holds no PEM certificate", instance.GetStatus().LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_comes_before_its_time_is_taken_up_when_it_is_valid()
    {
        await using var instance = await StartAsync();
        Write("early", from: TimeSpan.FromMinutes(5));
        Hand(instance);
        Assert.Contains("it is taken up then", instance.GetStatus().LastError, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal("CN=one", Served(instance));

        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal("CN=early", Served(instance));
    }

    [Fact]
    public async Task The_same_trouble_is_told_once_and_what_is_in_use_already_is_no_renewal()
    {
        var logs = Directory.CreateDirectory(Path.Combine(_directory, "logs")).FullName;
        await using (var instance = await StartAsync(logs))
        {
            using var same = new CertificateChange(CertificateContent.Read(_files));
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, same);
            using var trouble = new CertificateChange("the key is nonsense");
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, trouble);
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, trouble);

            // Repaired by putting the old files back: the next trouble is a new one.
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, same);
            instance.RenewCertificate(_files.CertFile, _files.KeyFile, trouble);
        }

        var lines = await File.ReadAllLinesAsync(Path.Combine(logs, "server.log"), TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Count(line => line.Contains("the old one stays: the key is nonsense", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains("renewed", StringComparison.Ordinal));
    }

    [Fact]
    public void Content_is_wiped_when_it_is_disposed()
    {
        var content = CertificateContent.Read(_files);
        var (certificate, key) = (content.Certificate, content.Key);
        Assert.Contains((byte)'K', key);

        content.Dispose();

        Assert.All(certificate, value => Assert.Equal(0, value));
        Assert.All(key, value => Assert.Equal(0, value));
    }

    private static string Served(Instance instance) => instance.GetStatus().Certificates[0].Subject;

    private Task<Instance> StartAsync(string? logs = null) => TestInstances.StartAsync(
        new TextMount("/", exchange => TextMount.WriteAsync(exchange, "x")),
        environment: new InstanceEnvironment { Time = _time, WatchesCertificates = false, LogDirectory = logs },
        ssl: new SslSettings { Default = _files });

    private void Hand(Instance instance)
    {
        using var change = new CertificateChange(CertificateContent.Read(_files));
        instance.RenewCertificate(_files.CertFile, _files.KeyFile, change);
    }

    private void Write(string name, string? directory = null, TimeSpan? from = null, TimeSpan? until = null)
    {
        directory ??= _directory;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(_time.GetUtcNow() + (from ?? TimeSpan.FromDays(-1)), _time.GetUtcNow() + (until ?? TimeSpan.FromDays(30)));
        Put(Path.Combine(directory, "cert.pem"), certificate.ExportCertificatePem());
        Put(Path.Combine(directory, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A new file each time: two writes to one file within a tick of the file system's clock look like one.</summary>
    private static void Put(string path, string text)
    {
        File.WriteAllText(path + ".draft", text);
        File.Move(path + ".draft", path, overwrite: true);
    }
}
