# Devise on ActiveRecord: what its generator writes is run (the migration makes the schema, the model verifies).
require 'json'
require 'tmpdir'
require 'active_record'
require 'devise'
require 'devise/orm/active_record'
require 'rails/generators'
require 'rails/generators/active_record'
require 'generators/active_record/devise_generator'

ActiveRecord::Base.configurations = { Rails.env => { 'primary' => { 'url' => ENV.fetch('DATABASE_URL') } } }
ActiveRecord::Base.establish_connection(:primary)
ActiveRecord::Base.logger = nil
ActiveRecord::Migration.verbose = false

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true
end

Devise.pepper = ENV.fetch('PEPPER')

folder = Dir.mktmpdir('latchkey-devise-')
at_exit { FileUtils.remove_entry(folder) }
ActiveRecord::Generators::DeviseGenerator.start(['User'], destination_root: folder, quiet: true)
load "#{folder}/app/models/user.rb"

calls = {
  'schema' => lambda { |_|
    ActiveRecord::MigrationContext.new("#{folder}/db/migrate", ActiveRecord::SchemaMigration).migrate
    nil
  },
  'users' => lambda { |values|
    digests = Hash.new { |made, password| made[password] = Devise::Encryptor.digest(User, password) }
    values['users'].map do |given|
      user = User.new(email: given['address'])
      user.encrypted_password = digests[given['password']]
      # Its validation also brings the address into Devise's spelling; only the password is not there to be validated.
      user.valid?
      user.save!(validate: false)
      user.email
    end
  },
  'verify' => lambda { |values|
    user = User.find_for_database_authentication(email: values['address'])
    !user.nil? && user.valid_password?(values['password'])
  }
}

$stdout.sync = true
$stdin.each_line do |line|
  values = JSON.parse(line)
  begin
    reply = { value: calls.fetch(values['call']).call(values) }
  rescue StandardError => e
    reply = { error: "#{e.class}: #{e.message}\n#{e.backtrace.first(5).join("\n")}" }
  end
  puts "reply #{JSON.generate(reply)}"
end
