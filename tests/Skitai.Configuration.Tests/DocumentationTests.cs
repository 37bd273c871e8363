using System.Text.RegularExpressions;
using Skitai.Configuration.Reference;

namespace Skitai.Configuration.Tests;

public sealed partial class DocumentationTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void The_reference_lists_every_key_as_it_is_declared()
    {
        var path = Path.Combine(Repository(), "docs/configuration.md");
        var page = File.ReadAllText(path);
        var wanted = ReferencePart().Replace(page, match => $"{match.Groups["begin"]}\n\n{ReferenceTable.Markdown()}{match.Groups["end"]}");
        if (Environment.GetEnvironmentVariable("SKITAI_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, wanted);
        }

        Assert.Contains("| `threads` | number (0 to 256) | `4` |", wanted, StringComparison.Ordinal);
        Assert.Equal(wanted, File.ReadAllText(path));
    }

    [Fact]
    public void The_confs_that_init_installs_are_right()
    {
        var etc = Path.Combine(Repository(), "etc");
        _tree.Write("skitaid.conf", File.ReadAllText(Path.Combine(etc, "skitaid.conf")));
        _tree.Write("servers-enabled/example.conf", File.ReadAllText(Path.Combine(etc, "servers-available/example.conf")));
        var all = _tree.Tree.ReadAll();
        Assert.Equal([], all.Errors);
        Assert.Equal("example", Assert.Single(all.Instances).Name);
    }

    [Fact]
    public void The_values_that_init_installs_are_the_defaults()
    {
        var installed = _tree.Settings(File.ReadAllText(Path.Combine(Repository(), "etc/servers-available/example.conf")));
        var defaults = _tree.Settings("");
        Assert.Equal(defaults.Server, installed.Server);
        Assert.Equal(defaults.Tune, installed.Tune);
        Assert.Equal(defaults.Cache, installed.Cache);
        Assert.Null(installed.Ssl);
        Assert.Empty(installed.Environment);
    }

    [Fact]
    public void What_init_shows_in_comments_is_right_when_its_comment_sign_is_taken_away()
    {
        var text = File.ReadAllText(Path.Combine(Repository(), "etc/skitaid.conf"))
            .Replace("\n;", "\n", StringComparison.Ordinal).Split('\n').Where(line => !line.StartsWith(' ') && line.Length > 1);
        _tree.WriteProgram("bin/python3").Write("skitaid.conf", string.Join('\n', text.Skip(1)));
        Assert.Equal([], _tree.Tree.ReadDaemon().Errors);
    }

    [Fact]
    public void The_example_conf_is_right_when_its_comment_signs_are_taken_away_but_for_what_it_names()
    {
        // Of a key, not of a sentence: no blank follows it.
        var lines = File.ReadAllLines(Path.Combine(Repository(), "etc/servers-available/example.conf"))
            .Select(line => line is [';', not ' ', ..] ? line[1..] : line);
        _tree.Set("MYAPP_SECRET_KEY", "x").Set("SERVER_KEY_PASSPHRASE", "x");
        var errors = _tree.Read(string.Join('\n', lines)).Errors;
        Assert.DoesNotContain(
            errors, error => !error.Message.Contains("there is no directory", StringComparison.Ordinal) && !error.Message.Contains("there is no file", StringComparison.Ordinal));
        Assert.NotEmpty(errors); // /srv/myapp is nowhere: the lines were read
    }

    [Fact]
    public void Every_conf_shown_on_the_page_is_read_without_an_error_but_missing_files()
    {
        var page = File.ReadAllText(Path.Combine(Repository(), "docs/configuration.md"));
        var confs = Example().Matches(page).Select(match => match.Groups["conf"].Value).Where(conf => !conf.Contains("[global]", StringComparison.Ordinal)).ToList();
        Assert.True(confs.Count >= 12);
        _tree.Set("SHOP_SECRET_KEY", "x");
        foreach (var conf in confs)
        {
            Assert.DoesNotContain(
                _tree.Read(conf).Errors,
                error => !error.Message.Contains("there is no directory", StringComparison.Ordinal)
                    && !error.Message.Contains("there is no file", StringComparison.Ordinal));
        }
    }

    private static string Repository()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "skitaid.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("the tests do not run inside the repository");
        }

        return directory;
    }

    [GeneratedRegex("(?<begin><!-- reference:[^>]*-->).*(?<end><!-- end of reference -->)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReferencePart();

    [GeneratedRegex("```ini\n(?<conf>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Example();
}
