using System.Text;
using Skitai.Configuration;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>
/// <c>skitaid run TARGET</c>: serves an app or a directory at once. It writes the conf that a person would have written
/// into a private directory and runs the same supervisor on it, in the foreground.
/// </summary>
internal static class RunCommand
{
    /// <summary>Where a passphrase comes from that nobody is to see in the list of processes.</summary>
    private const string PassphraseVariable = "SKITAID_PASSPHRASE";

    /// <summary>Runs until Ctrl-C; then nothing is left of it.</summary>
    public static async Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        var name = line[OptionNames.Name] ?? "run";
        var conf = ConfOf(line, TakePassphrase(line));
        var root = Directory.CreateTempSubdirectory("skitaid-run-").FullName; // mode 0700
        try
        {
            var enabled = Directory.CreateDirectory(Path.Combine(root, "servers-enabled")).FullName;
            var places = new DaemonPlaces(root, line[OptionNames.LogPath] is { } log ? Path.GetFullPath(log) : Path.Combine(root, "log"), Path.Combine(root, "var"));
            await File.WriteAllTextAsync(Path.Combine(root, "skitaid.conf"), $"[global]\nlog_path = {places.Log}\nvar_path = {places.Var}\n", cancellation);
            await File.WriteAllTextAsync(Path.Combine(enabled, name + ".conf"), conf, cancellation);
            var (settings, errors, warnings) = TreeCheck.ReadInstance(new ConfTree(root), name);
            foreach (var warning in warnings)
            {
                await Console.Error.WriteLineAsync($"warning: {WithoutPlace(warning)}");
            }

            if (settings is null)
            {
                foreach (var error in errors)
                {
                    await Console.Error.WriteLineAsync($"skitaid run: {WithoutPlace(error)}");
                }

                return ExitCodes.Usage;
            }

            return await ForegroundRun.RunAsync(
                places,
                line.Has(OptionNames.Verbose),
                supervisor => $"serving {string.Join(" ", Targets(line))} on {supervisor.Instances.First().Address}/ (Ctrl-C stops)");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>The key's passphrase; the environment forgets it, so that no app gets to see it.</summary>
    private static string? TakePassphrase(CommandLine line)
    {
        var passphrase = line[OptionNames.Passphrase] ?? Environment.GetEnvironmentVariable(PassphraseVariable);
        Environment.SetEnvironmentVariable(PassphraseVariable, null);
        return passphrase?.AsSpan().ContainsAny('\n', '\r', '\0') == true
            ? throw new UsageException("a passphrase with a line break cannot be used")
            : string.IsNullOrEmpty(passphrase) ? null : passphrase;
    }

    private static IEnumerable<string> Targets(CommandLine line) => line.Arguments.Concat(line.All(OptionNames.Mount));

    private static string ConfOf(CommandLine line, string? passphrase)
    {
        if (!Targets(line).Any())
        {
            throw new UsageException("run needs something to serve: skitaid run wsgiapp:app, skitaid run path/module:callable, skitaid run DIRECTORY");
        }

        var text = new StringBuilder("[server]\n");
        Set("ip", OptionNames.Ip);
        Set("port", OptionNames.Port);
        Set("threads", OptionNames.Threads);
        Set("processes", OptionNames.Processes);
        Set("python", OptionNames.Python, isPath: line[OptionNames.Python]?.Contains('/', StringComparison.Ordinal) == true);
        if (line.Has(OptionNames.CertFile))
        {
            text.Append("[ssl]\nenable_ssl = yes\n");
            Set("certfile", OptionNames.CertFile, isPath: true);
            Set("keyfile", OptionNames.KeyFile, isPath: true);
            if (passphrase is not null)
            {
                text.Append("passphrase = ").Append(passphrase.Replace("${", "$${", StringComparison.Ordinal)).Append('\n');
            }
        }

        if (line.Has(OptionNames.StaticMaxAge))
        {
            text.Append("[tunefactors]\n");
            Set("static_max_age", OptionNames.StaticMaxAge);
        }

        text.Append("[routes:line]\n");
        foreach (var mount in line.All(OptionNames.Mount))
        {
            var equals = mount.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw new UsageException($"--mount takes PATH=TARGET (/static=./public), not '{mount}'");
            }

            Append($"{mount[..equals].Trim()} = {AbsoluteTarget(mount[(equals + 1)..].Trim())}");
        }

        if (line.Arguments.Count > 0)
        {
            Append($"/ = {AbsoluteTarget(line.Arguments[0])}");
        }

        return text.ToString();

        void Set(string key, string option, bool isPath = false)
        {
            if (line[option] is { } value)
            {
                Append($"{key} = {(isPath ? Path.GetFullPath(value) : value)}");
            }
        }

        void Append(string confLine)
        {
            // A conf's line is one line, and `${...}` in it would be an environment variable.
            if (confLine.AsSpan().ContainsAny('\n', '\r', '\0') || confLine.Contains("${", StringComparison.Ordinal))
            {
                throw new UsageException($"a value with a line break or '${{' cannot be passed on: {confLine.ReplaceLineEndings(" ")}");
            }

            text.Append(confLine).Append('\n');
        }
    }

    /// <summary><c>wsgiapp:app</c> and <c>path/module.py</c> as seen from the working directory.</summary>
    private static string AbsoluteTarget(string target)
    {
        if (Directory.Exists(target))
        {
            return Path.GetFullPath(target);
        }

        var colon = target.LastIndexOf(':');
        var (module, callable) = colon < 0 ? (target, "") : (target[..colon], target[colon..]);
        if (module.EndsWith(".py", StringComparison.Ordinal))
        {
            module = module[..^3];
        }

        return Path.GetFullPath(module) + callable;
    }

    /// <summary>An error without the generated file's name and line, which mean nothing to the person.</summary>
    private static string WithoutPlace(string error)
    {
        var message = error.IndexOf(": ", StringComparison.Ordinal);
        return message < 0 ? error : error[(message + 2)..];
    }
}
