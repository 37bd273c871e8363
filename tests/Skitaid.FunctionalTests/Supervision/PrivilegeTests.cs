using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class PrivilegeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_user_it_serves_https_with_a_key_that_only_root_can_read_and_has_no_powers_left()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var daemon = new TestDaemon();
        daemon.LetEverybodyIn();
        var secret = Directory.CreateDirectory(Path.Combine(daemon.Root, "private"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var (cert, key) = TestCertificate.Write(secret);
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
        var port = daemon.WriteAppConf(
            "example",
            "import os\n\ndef app(environ, start_response):\n    start_response('200 OK', [])\n    return [str(os.geteuid()).encode()]\n",
            $"user = nobody\n[ssl]\nenable_ssl = yes\ncertfile = {cert}\nkeyfile = {key}");

        await daemon.StartAsync();

        using var client = TestCertificate.Client(cert);
        var nobody = UserOf(await daemon.InstancePidAsync("example"));
        Assert.NotEqual("0", nobody);
        Assert.Equal(nobody, await client.GetStringAsync(new Uri($"https://127.0.0.1:{port}/"), Cancellation));
        var log = Path.Combine(daemon.LogPath, "instances", "example", "server.log");
        Assert.Equal(0, (await daemon.RunAsync("rotate")).ExitCode);
        await TestDaemon.WaitAsync("the log was rotated by the lesser user", () => File.Exists(log + ".1"));

        var before = await daemon.InstancePidAsync("example");
        var restarted = await daemon.RunAsync("-f", "example", "restart");

        Assert.True(restarted.ExitCode == 0, restarted.ToString());
        Assert.NotEqual(before, await daemon.InstancePidAsync("example"));
        Assert.Equal(nobody, await client.GetStringAsync(new Uri($"https://127.0.0.1:{port}/"), Cancellation));
        Assert.Equal(0, (await daemon.RunAsync("stop")).ExitCode);
        Assert.Empty(daemon.Processes());
    }

    /// <summary>The number that real, effective, saved and file system user all are.</summary>
    private static string UserOf(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:\t", StringComparison.Ordinal));
        return Assert.Single(line.Split('\t').Skip(1).Distinct());
    }
}
